"""The virtual-machine engine of one host: libvirt, QEMU, disks, screens and the agent in the guest.

It keeps the promises of `galeria.ports.machines`.
"""
