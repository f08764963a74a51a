"""Lab accounts and labs: the images that they can use, their machines and users.

It imports core and galleries of the actions.
"""
