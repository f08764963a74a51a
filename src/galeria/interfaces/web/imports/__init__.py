"""Pages on which a disk file becomes an image: sent, inspected, made into a version.

The file itself arrives by tus.
"""
