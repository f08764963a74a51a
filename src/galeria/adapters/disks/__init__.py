"""Ways to read the raw bytes that a guest sees."""
