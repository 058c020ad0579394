"""What an agent may use: the built-in tools and those that people add."""
