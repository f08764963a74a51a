"""The image store of a region: packs of chunks and signed manifests in a directory or a bucket."""
