"""Images: galleries, definitions, versions and their regions, disks, and which image can make a lab.

Standard library only.
"""
