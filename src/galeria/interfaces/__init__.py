"""The doors. Parse, call one action, answer. They know no adapter and no SQL."""
