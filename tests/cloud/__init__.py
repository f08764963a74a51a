"""Galeria beside real servers of a cloud: object stores, each started by the tests and ended with them."""
