"""Whom we speak to: model endpoints and, for tools, the web."""
