"""What all commands share: options and context, tables, words for values, progress, waiting.

It knows no command.
"""
