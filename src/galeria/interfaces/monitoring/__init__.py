"""What programs that watch the server ask it: whether it lives, whether it is ready, and its figures.

Nothing here belongs to one person.
"""
