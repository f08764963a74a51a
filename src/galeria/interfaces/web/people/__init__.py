"""Pages of people: signing in and out, one's own account, everybody and one person.

Sessions of browsers begin and end here.
"""
