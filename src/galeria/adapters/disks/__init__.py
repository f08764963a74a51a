"""Disk sources over local files."""
