"""Hugging Face tasks as tools: what each takes and gives, what is sent, what came back."""
