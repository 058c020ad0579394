"""The form in which a person writes an HTTP tool."""
