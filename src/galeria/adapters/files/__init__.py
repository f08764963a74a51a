"""Disk files from outside: uploads and page blobs, and readers of VHD, VMDK, QCOW2 and raw disks.

A file is judged by its content alone, never by its name.
"""
