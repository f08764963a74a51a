"""Buckets: a region's objects in a directory or behind an object store's API, and the lease for writing and collecting.

Failures are translated into errors of the domain.
"""
