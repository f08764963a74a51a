"""What servers that share a database keep in it together."""
