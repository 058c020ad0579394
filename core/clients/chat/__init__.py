"""Talking to models: one request, one answer, nothing hidden in between."""
