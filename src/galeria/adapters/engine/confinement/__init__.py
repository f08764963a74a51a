"""What keeps the processes of machines apart from each other and from the host: accounts, access to files, limits.

What machines send to each other and to networks is held by the package `network`.
"""
