"""The only room that knows who stands behind which port. Nothing is created at import."""
