"""Galeria measured beside its peers on one computer in one run: `python -m bench`, or `make bench`."""
