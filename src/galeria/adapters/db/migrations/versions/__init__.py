"""Migrations from each release's tables to the next, written by hand and never changed after the release."""
