"""Pages of galleries, their images and versions, and the regions of a version.

For whoever has a role on the gallery.
"""
