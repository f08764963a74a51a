"""Tests of how machines are reached."""
