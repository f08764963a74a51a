"""How Windows is told who uses it: an answer file for its first start, and its agent later.

No Windows was at hand when this was written: docs/windows.md says what was tried and what was not.
"""
