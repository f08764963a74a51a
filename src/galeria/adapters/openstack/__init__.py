"""Machines of an OpenStack cloud, for regions whose `engine` is "openstack".

The only package that imports openstacksdk, and imported itself only where a region says so: it costs half a second.
"""
