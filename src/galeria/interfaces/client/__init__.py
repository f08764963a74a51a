"""The client of the REST interface: connection, sign-in, operations and uploads.

The command line, the demonstration and scripts in Python use it.
"""
