"""The other side of the crash drill: a model that tells one story, and tools that count what was really done."""
