"""What several HTTP interfaces share: request ids, the case of paths, figures of progress.

Nothing in it depends on one interface.
"""
