"""What a lab, a version, a chunk and a request cost on a PostgreSQL database: the figures of docs/scale.md."""
