"""Galleries and image definitions: made, changed, shared, listed.

It knows only core.
"""
