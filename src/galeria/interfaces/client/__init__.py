"""A client of the REST API, for the command line, the demonstration and Python scripts."""
