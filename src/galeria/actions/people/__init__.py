"""People and programs: signing in, sessions and secrets, roles, and how somebody is let in.

It knows only core.
"""
