"""Lab accounts and labs: machines, sizes, users, schedules, profiles.

Standard library only.
"""
