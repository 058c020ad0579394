"""An agent as a tool: its call is a run of its own."""
