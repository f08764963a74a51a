"""Page blobs: a disk's bytes behind an address of its own.

Requests and answers are those of Azure's storage service.
"""
