"""The command line: against canned answers for its looks, against the real service for its deeds."""
