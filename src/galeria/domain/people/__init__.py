"""People and programs: principals, roles, sessions, external providers of identities.

Standard library only.
"""
