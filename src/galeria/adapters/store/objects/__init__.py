"""Buckets: where a region's objects lie, on a disk or behind an object store's API, and who may write or collect.

Every failure becomes an error of the domain.
"""
