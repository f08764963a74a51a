"""Raw files as a guest sees their bytes, and the room that is free on the disks of this computer.

Formats of disk files are read in `adapters.files`.
"""
