"""Migration scripts of Alembic. `galeria.adapters.db.migrate` runs them; no alembic.ini is needed.

A new revision imports nothing of Galeria, so that it never changes its meaning. The tests compare what the revisions make
with the tables that the program declares, and name every difference.
"""
