"""Galleries and image definitions: create, change, share, list.

It imports only core of the actions.
"""
