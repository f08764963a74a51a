"""The command line: against canned answers for its output, against the real service for its effects."""
