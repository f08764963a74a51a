"""Page blobs: a disk's bytes behind an address of its own, in the words of the storage service that clients speak."""
