"""Ids, keys, certificates, tokens and password hashes of this installation, and id_tokens of other providers.

Nothing here decides who may do what: roles are checked in `galeria.actions`.
"""
