"""What all commands share: options and context, tables, words for values, progress, waiting.

Nothing in it depends on one command.
"""
