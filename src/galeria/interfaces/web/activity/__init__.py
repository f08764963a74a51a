"""Pages of what goes on and what was done: operations and the activity log.

Progress is followed live.
"""
