"""Lab accounts and labs: the images that they can use, their machines, users and schedules.

It imports core and galleries of the actions.
"""
