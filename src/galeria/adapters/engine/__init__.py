"""The virtual-machine engine of one host, on libvirt and QEMU; each part of it is a small module."""
