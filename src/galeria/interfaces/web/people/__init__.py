"""Pages of people: signing in and out, one's own account, everybody and one person.

Web sessions begin and end here.
"""
