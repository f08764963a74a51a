"""The database: tables, repositories and migrations.

SQLAlchemy stays inside the adapters.
"""
