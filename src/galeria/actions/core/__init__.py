"""What all actions share: the request and its caller, groups, locks, the activity log, pages of lists, access to operations.

It imports no other package of actions.
"""
