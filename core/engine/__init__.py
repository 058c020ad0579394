"""The loop: fold a journal, decide, advance, append."""
