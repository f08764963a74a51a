"""Implementations of ports without virtual machines, for fast tests and `galeria serve --fake`."""
