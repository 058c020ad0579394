"""The database: its tables, the engine that reaches it, and the embedded server."""
