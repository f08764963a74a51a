"""File uploads with tus 1.0.0, which clients in many languages can resume."""
