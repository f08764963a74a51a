"""The interfaces that adapters implement and that actions and workflows rely on.

Each has one suite of contract tests.
"""
