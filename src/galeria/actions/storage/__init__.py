"""Disks, snapshots, managed images and uploads, and what a disk may be filled from.

It imports core, galleries and labs of the actions.
"""
