"""Who a lab is for: its users, registering, invitations, and whose its machines are.

It imports only core, people and labs of the actions.
"""
