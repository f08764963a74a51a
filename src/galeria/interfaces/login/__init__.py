"""The sign-in server: OAuth 2.0 in the shape that `az`, msal and azure-identity expect of an ADFS server.

Its pages for people lie in `browser`.
"""
