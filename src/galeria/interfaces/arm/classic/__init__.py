"""The Lab Services API of 2018: the same lab accounts, labs and machines under its older names and types."""
