"""Request time: one verb, one transaction, no waiting. What takes long is only begun here, as an operation."""
