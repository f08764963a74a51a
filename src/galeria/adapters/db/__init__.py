"""Tables and queries; SQLAlchemy stays inside the adapters."""
