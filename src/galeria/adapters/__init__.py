"""Implementations of `galeria.ports`: database, image stores, virtual machines, files, identity.

Adapters do not know interfaces; bootstrap connects both.
"""
