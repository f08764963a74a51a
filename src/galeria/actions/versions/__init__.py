"""Image versions: made, imported, exported, replicated, priced and deleted; and operations, which it can restart.

It stands on all other packages of actions.
"""
