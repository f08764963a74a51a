"""What keeps the processes of machines apart from each other and from the host: accounts, access to files, limits."""
