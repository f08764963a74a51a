"""What an administrator wants of the running program itself: its log, its monitoring, and whether it is ready.

It knows no web server.
"""
