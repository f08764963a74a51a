"""Interfaces to the outside: REST, sign-in, pages, uploads, consoles, command line.

A handler parses, calls one action, and answers. Nothing here imports adapters or SQL.
"""
