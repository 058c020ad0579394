"""Services: the use cases that pages and commands call."""
