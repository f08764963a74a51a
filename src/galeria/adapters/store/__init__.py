"""The image store of a region: it captures, restores, verifies, replicates and collects the chunks of disks.

Packs, signed manifests and buckets lie in the packages below.
"""
