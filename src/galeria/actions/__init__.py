"""The actions that a request performs: each takes one transaction and does not wait.

Work that takes long is started as an operation.
"""
