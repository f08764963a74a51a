"""Repositories and queries on SQLAlchemy, one module for each part of the unit of work.

They keep the promises of `galeria.ports.database`.
"""
