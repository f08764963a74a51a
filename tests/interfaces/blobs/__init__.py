"""The page-blob interface behind a real HTTP server, spoken to as the storage clients speak."""
