"""People and programs: principals, roles, sessions, providers of identities.

Standard library only.
"""
