"""What PDF, Word and HTML files say, taken out by a process of its own within limits of time and memory."""
