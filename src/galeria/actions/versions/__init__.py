"""Image versions: made, imported, exported, replicated, priced and deleted; and operations, which can be retried.

It imports all other packages of actions.
"""
