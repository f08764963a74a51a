"""The virtual-machine engine of one host: libvirt and QEMU, each part behind a small module of its own."""
