"""What the engine does to the disks of machines that are off.

A change is stored as a whole before any of it is written, so that a crash leaves no half of it.
"""
