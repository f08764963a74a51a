"""What Azure's public OpenAPI descriptions promise of the operations that stand here, and whether an answer keeps it."""
