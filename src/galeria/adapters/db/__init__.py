"""Tables, mapping and queries of the database. SQLAlchemy is used only within the adapters."""
