"""Page blobs: the bytes of a disk at an address of its own, in the protocol of Azure Storage."""
