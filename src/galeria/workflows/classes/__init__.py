"""Work on students' machines.

The revisions that they are made from, making and removing them, their first start, and who waits for a start.
"""
