"""How the server and its machines are reached from outside.

Listening sockets and certificate files are here, the checks of the public name, and the relay of machines.
"""
