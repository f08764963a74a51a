"""Bases that machines read before they are whole."""
