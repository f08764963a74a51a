"""Pages of lab accounts: overview, gallery, images, policies, costs, and the images that a person may use.

All but the last are for administrators.
"""
