"""The pages of students: registering with a lab, and their own machines.

Nobody needs a role for them, and nobody sees another person's machine on them.
"""
