"""Repositories and queries on SQLAlchemy, one module for each part of the unit of work.

They implement the protocols of `galeria.ports.database`.
"""
