"""The chains of files that machines have as disks: how layers are joined before there are many, and who may change a chain.

What seals and reads layers is in the package above.
"""
