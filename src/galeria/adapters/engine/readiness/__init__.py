"""When a machine can be used: its servers are asked as their clients would ask, and its console and disk say how far it is.

No module here starts or changes a machine.
"""
