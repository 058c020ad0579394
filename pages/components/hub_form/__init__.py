"""The form in which a Hugging Face task becomes a tool."""
