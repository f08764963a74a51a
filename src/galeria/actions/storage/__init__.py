"""Disks, snapshots, managed images and uploads, and what a disk may be filled from.

It knows core, galleries and labs.
"""
