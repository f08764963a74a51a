"""The command line, one module per noun. It uses the REST API of a server; a few commands work on the host itself."""
