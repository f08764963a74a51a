"""The hardware of a machine as parts of its libvirt definition, and what its firmware keeps between starts.

What hardware an image's machines get is decided in the domain; here stands how libvirt and QEMU are told.
"""
