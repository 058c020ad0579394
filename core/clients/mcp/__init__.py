"""Sessions with MCP servers: one for each server, kept while this process lives."""
