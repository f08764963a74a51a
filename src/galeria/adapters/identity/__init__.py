"""The installation's ids, keys, certificates and tokens, hashes of secrets, and sign-in through OpenID Connect."""
