"""People and programs: signing in, sessions and secrets, roles, and adding somebody.

It imports only core of the actions.
"""
