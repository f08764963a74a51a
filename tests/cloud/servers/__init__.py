"""Servers of a cloud, started on the loopback with all that they keep in one directory."""
