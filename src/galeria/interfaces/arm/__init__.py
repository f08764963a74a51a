"""The REST door in the shape of Azure Resource Manager: what `az` and Azure's SDKs speak."""
