"""The REST interface in the shape of Azure Resource Manager, which `az` and Azure's SDKs speak.

`protocol` is shared; the other packages lie by resource provider.
"""
