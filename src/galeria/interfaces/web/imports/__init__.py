"""Pages that make an image from a disk file: upload, inspection, creation of a version.

The file itself is uploaded with tus.
"""
