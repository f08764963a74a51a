"""Pages of labs: the list, a new lab, its template, ways to connect, the export.

For educators.
"""
