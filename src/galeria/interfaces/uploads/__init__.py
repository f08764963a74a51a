"""The door for files: tus 1.0.0, so that every language's client can resume."""
