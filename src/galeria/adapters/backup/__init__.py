"""Writes state, keys and settings of an installation to one file, while its server runs, and brings them back.

Images and machines' disks are not in it: stores hold the ones, and the others belong to the computer that they are on.
"""
