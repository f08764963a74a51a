"""Manifests: lists of a disk's chunks, signed and published.

Each is one object in the bucket.
"""
