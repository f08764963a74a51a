"""Readers of the raw bytes of a disk, as a guest sees them.

Formats of disk files are read in `adapters.files`.
"""
