"""Long-running work as durable steps that survive a crash, one module for each kind of operation.

Every step may run again: it decides by itself whether it still has something to do.
"""
