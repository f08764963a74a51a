"""Implementations of the interfaces in `galeria.ports`: database, image stores, virtual machines, files, identity."""
