"""The blob door behind a real HTTP server, spoken to as the storage clients speak."""
