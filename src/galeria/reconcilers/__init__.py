"""Periodic jobs that make machines, files and stored bytes match the database.

They keep no state of their own: the next run is the retry.
"""
