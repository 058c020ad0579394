"""One HTTP request a call: what a tool keeps of it, how it is built, sent and answered."""
