"""Measure Galeria and similar programs on one computer in one run: `python -m bench`, or `make bench`."""
