"""Servers of others that Galeria speaks to in people's interest: the sign-in provider and the mail server.

What a server is asked stands beside the errors that its answers become.
"""
