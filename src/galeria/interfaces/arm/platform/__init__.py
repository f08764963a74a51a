"""Everything around the resources: groups, tags, locks, roles, people, operations, the activity log, providers.

Microsoft.Resources, Microsoft.Authorization, Microsoft.Insights and our own Microsoft.Galeria.
"""
