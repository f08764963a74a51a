"""Lab accounts and labs: the images that they offer, their machines, users and schedules.

It knows core and galleries.
"""
