"""A collection of documents as a tool: its call is a search, answered with passages."""
