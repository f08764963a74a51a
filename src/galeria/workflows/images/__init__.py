"""Where the images of machines are, and how they get to where machines need them.

Making, publishing and deleting image versions stands one folder up.
"""
