"""Repositories: one table each, simple reads and writes, structured results."""
