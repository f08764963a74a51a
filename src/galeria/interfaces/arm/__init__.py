"""The REST API in the form of Azure Resource Manager, for `az`, Azure's SDKs and Terraform."""
