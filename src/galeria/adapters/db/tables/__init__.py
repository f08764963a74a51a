"""The tables, and how the classes of the domain are mapped to them.

There are no queries here.
"""
