"""Looks into disks that strangers made, without starting them: a small machine reads each, and its answer is doubted.

No module here keeps anything: a look leaves neither files nor processes behind.
"""
