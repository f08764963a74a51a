"""The relay: a process of its own that passes connections on from public ports to machines.

It imports little, so that it costs little, and does what its table says even while Galeria is restarted.
"""
