"""Whole classes, walked by the clients of each generation."""
