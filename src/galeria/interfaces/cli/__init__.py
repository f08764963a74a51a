"""The command line: one file per noun. It talks to a server through the REST door; a few commands run on the host itself."""
