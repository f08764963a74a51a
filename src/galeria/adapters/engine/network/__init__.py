"""The network of the machines: one bridge of libvirt, the rules of the packet filter around it, and the guard that holds
them. Where a host has none of it, each machine has a network of QEMU's own without a way out."""
