"""Microsoft.Compute: galleries, image definitions and versions, disks, snapshots and managed images.

Bodies are `*_schemas`, answers are `*_views`.
"""
