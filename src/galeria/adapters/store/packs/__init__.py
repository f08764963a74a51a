"""Packs: many compressed chunks in one object, and the index that finds a chunk in them.

The index can be rebuilt from the packs.
"""
