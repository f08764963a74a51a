"""Alembic's scripts. `galeria.adapters.db.migrate` runs them; no alembic.ini is needed.

A new revision imports nothing of Galeria, so that it does the same for ever. The tests compare what the revisions make
with the tables that the program declares, and name every difference.
"""
