"""Pages of operations and of the activity log.

The progress of operations is updated live.
"""
