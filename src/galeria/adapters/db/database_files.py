"""The names of the databases that are files, in the folder `private` of the data directory."""

STATE_FILE = "galeria.db"
"""Of the state, where the settings name no other database."""
WORK_FILE = "work.db"
"""Of the steps that were done, beside it."""
