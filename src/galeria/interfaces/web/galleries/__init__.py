"""Pages of galleries, their images and versions, and the regions of a version.

They are for people with a role on the gallery.
"""
