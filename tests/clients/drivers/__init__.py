"""What runs inside the clients' own environments. Only the standard library and the clients are there, no Galeria."""
