"""Microsoft.Compute: galleries, image definitions and versions, disks, snapshots and managed images.

Request bodies lie in `*_schemas`, answers in `*_views`.
"""
