"""One module for each change of the tables, from a release to the next.

They are written by hand and never changed once released.
"""
