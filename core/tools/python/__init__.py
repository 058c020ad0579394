"""Python in a sandbox: programs that a model writes, and functions that a person wrote as tools."""
