"""Findings with something in every field, as a look into a stranger's disk gives them."""

from galeria.domain.images.findings import (
    CloudInit,
    Findings,
    Firmware,
    FoundAccount,
    GuestAgent,
    InitSystem,
    NetworkFile,
    SshServer,
    SystemKind,
)

FOUND = Findings(
    kind=SystemKind.LINUX,
    distribution="debian",
    version="12",
    name="Debian <b>12</b>",
    init=InitSystem.SYSTEMD,
    file_system="xfs",
    is_on_lvm=True,
    was_in_use=True,
    is_encrypted=True,
    enforces_selinux=True,
    root_bytes=4 << 30,
    free_bytes=1 << 30,
    cloud_init=CloudInit(has_run=True, data_sources=("Azure",)),
    agents=(GuestAgent.QEMU, GuestAgent.AZURE),
    ssh=SshServer(name="openssh", has_host_keys=False, allows_passwords=False),
    network_files=(NetworkFile(path="/etc/netplan/50.yaml", addresses=("52:54:00:00:00:01",)),),
    card_name="ens7",
    accounts=(
        FoundAccount(name="prof", has_password=True, keys=2, is_administrator=True),
        FoundAccount(name="ana", has_password=False, keys=1),
    ),
    boot_loader="grub",
    firmware=(Firmware.BIOS, Firmware.UEFI),
    kernel="6.1.0-57-cloud-amd64",
    drivers=("virtio_blk", "nvme"),
)
