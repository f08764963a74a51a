"""The rules and records of labs and images, in the standard library only: no input, no output, no clock, no framework.

subscription ▸ resource group ▸ lab account ▸ lab ▸ template VM
                              ▸ gallery ▸ image definition ▸ image version ▸ replica (one region's verified copy)
"""
