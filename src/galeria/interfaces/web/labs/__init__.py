"""Pages of labs: the list, a new lab, its template, ways to connect, the export.

They are for educators.
"""
