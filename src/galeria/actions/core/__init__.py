"""What every action shares: the request and its caller, groups, locks, the activity log, pages of lists, access to operations.

It knows no other package of actions.
"""
