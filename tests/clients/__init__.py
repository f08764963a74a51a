"""Unmodified Azure clients against a running Galeria: the Azure CLI and two generations of the Python SDKs."""
