"""Manifests: what a disk consists of, signed, published, read again.

One object in the bucket each.
"""
