"""What all REST routes share: requests and answers in the form of Azure Resource Manager, errors, pages, filters, ids.

Nothing in it depends on a resource provider.
"""
