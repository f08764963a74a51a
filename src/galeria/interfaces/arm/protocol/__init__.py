"""What all REST routes share: requests and answers in the shape of Azure Resource Manager, errors, pages, filters, ids.

It knows no provider.
"""
