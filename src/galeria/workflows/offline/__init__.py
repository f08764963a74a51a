"""What workflows do to the disk of a machine that is off.

Nothing here starts a machine, and nothing of a disk is run.
"""
