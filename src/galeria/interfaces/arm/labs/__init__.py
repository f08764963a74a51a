"""Microsoft.LabServices, 2022 and later: lab plans, labs, machines, users, schedules, and the export of a template.

The API of 2018 is in `classic`.
"""
