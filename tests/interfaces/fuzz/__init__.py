"""Hostile requests to every interface: whatever is sent, the answer is a documented one, and nothing of the inside is told."""
