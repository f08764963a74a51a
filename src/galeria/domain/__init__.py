"""The rules and records of labs, images and people.

The standard library only: no input, no output, no clock, no framework.

subscription ▸ resource group ▸ lab account ▸ lab ▸ template VM
                              ▸ gallery ▸ image definition ▸ image version ▸ replica (one region's verified copy)
"""
