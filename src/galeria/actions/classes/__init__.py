"""Classes of a lab: its schedules and what they do, the hours of its students, and machines that nobody uses.

Imports of other actions point to `labs` and to what `labs` imports.
"""
