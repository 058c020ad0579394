"""Tools of MCP servers: how one is made of what a server says, and how it is called."""
