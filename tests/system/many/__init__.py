"""Several servers and workers on one PostgreSQL database: real processes that are killed, stopped and cut off."""
