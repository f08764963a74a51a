"""Commands about labs.

Making them, their machines, classes, people and schedules, and exports.
"""
