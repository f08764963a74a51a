"""What this installation is known by and signs with: its ids, keys, certificates, tokens and password hashes."""
