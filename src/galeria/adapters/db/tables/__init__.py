"""Tables and how the classes of the domain are mapped to them.

Nothing is queried here.
"""
