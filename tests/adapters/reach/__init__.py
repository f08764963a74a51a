"""Tests of how the server is reached from outside."""
