"""The kinds of Debian 12 systems that people bring, and what makes each of them out of the common tree.

Each recipe is a shell script that runs inside the tree, without a network: the packages lie in apt's cache there.
"""

from dataclasses import dataclass

import pytest

PROF, PROF_PASSWORD = "prof", "Old-Secret-1"
NOTES, NOTES_CONTENT = "/home/prof/notes.txt", "course material"
HOST_NAME = "oldbox"

_INSTALL = "apt-get install -q -y --no-install-recommends --no-download"

_MODULES = "kvm_amd kvm_intel aesni_intel ghash_clmulni_intel crct10dif_pclmul crc32_pclmul"
# What Debian does at a start or soon after it, and nothing here needs: without KVM each of these costs a part of a second.
_LESS_AT_START = f"""
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \\
    fstrim.timer modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service \\
    modprobe@fuse.service modprobe@loop.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \\
    sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \\
    systemd-binfmt.service systemd-pstore.service systemd-update-utmp.service systemd-update-utmp-runlevel.service
printf 'blacklist %s\\n' {_MODULES} >/etc/modprobe.d/less.conf
"""
# Any wired card, as a person would write it who does not use cloud-init.
_NETWORK = """
printf '[Match]\\nName=en* eth*\\n[Network]\\nDHCP=yes\\n' >/etc/systemd/network/80-dhcp.network
systemctl enable systemd-networkd
"""
_CLOUD_INIT = f"""
{_INSTALL} cloud-init cloud-guest-utils
systemctl enable systemd-networkd
"""
# Without KVM an RSA key takes many seconds. Azure's images are left as they are.
_ONE_HOST_KEY = "printf 'ssh_genkeytypes: [ed25519]\\n' >/etc/cloud/cloud.cfg.d/50-keys.cfg\n"
# What "generalized" means.
_GENERALIZE = """
rm -f /etc/ssh/ssh_host_* /etc/hostname /var/lib/dbus/machine-id
: >/etc/machine-id
"""
# As Azure's own images have it: cloud-init takes data from Azure only, and asks isc-dhcp-client for it.
_AZURE_CLOUD_INIT = f"""
{_CLOUD_INIT}
{_INSTALL} waagent isc-dhcp-client
printf 'datasource_list: [ Azure ]\\n' >/etc/cloud/cloud.cfg.d/10-azure.cfg
printf 'reporting:\\n  logging:\\n    type: log\\n  telemetry:\\n    type: hyperv\\n' >/etc/cloud/cloud.cfg.d/10-azure-kvp.cfg
sed -i -e 's/^Provisioning.Enabled=.*/Provisioning.Enabled=n/' -e 's/^Provisioning.Agent=.*/Provisioning.Agent=cloud-init/' \\
    -e 's/^Provisioning.UseCloudInit=.*/Provisioning.UseCloudInit=y/' /etc/waagent.conf
"""
# As `waagent -deprovision` leaves it.
_AZURE_AGENT = f"""
{_INSTALL} waagent eject openssl parted net-tools
sed -i 's/^Provisioning.Agent=.*/Provisioning.Agent=waagent/' /etc/waagent.conf
rm -rf /var/lib/waagent/*
"""
# A machine that somebody has worked on: `PROF_KEY` is set to a public key.
_SPECIALIZE = f"""
useradd -m -s /bin/bash -G sudo {PROF}
echo {PROF}:{PROF_PASSWORD} | chpasswd
mkdir -m 700 /home/{PROF}/.ssh
echo "$PROF_KEY" >/home/{PROF}/.ssh/authorized_keys
echo '{NOTES_CONTENT}' >{NOTES}
chown -R {PROF}: /home/{PROF}
echo {HOST_NAME} >/etc/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 {HOST_NAME}\\n' >/etc/hosts
rm -f /etc/machine-id
systemd-machine-id-setup
ssh-keygen -A
"""
_AGENT = f"{_INSTALL} qemu-guest-agent\n"
# An initramfs that was made on Hyper-V: it has no driver for virtio disks.
_HYPER_V_INITRAMFS = """
sed -i 's/^MODULES=.*/MODULES=list/' /etc/initramfs-tools/initramfs.conf
printf '%s\\n' hv_vmbus hv_storvsc hv_netvsc hv_utils ata_piix ata_generic sd_mod ext4 >>/etc/initramfs-tools/modules
update-initramfs -u
"""

A = _CLOUD_INIT + _ONE_HOST_KEY + _GENERALIZE
D = _SPECIALIZE + _NETWORK
OTHER_CARD = "ens7"  # no machine here calls its card so
RECIPES = {
    "a": A,
    "b2": _AZURE_CLOUD_INIT + _GENERALIZE,
    "c2": _AZURE_AGENT + _NETWORK + _GENERALIZE,
    "d": D,
    "u": D.replace("Name=en* eth*", f"Name={OTHER_CARD}"),
    "e": D + _AGENT,
    "f": _AGENT + A,
    "hv": D + _AGENT + _HYPER_V_INITRAMFS,
}
"""What makes each system; `u` is `d` on another disk, and its network is for a card that no machine here has."""

# What a root on it needs to be mounted and checked at start.
FILE_SYSTEM_PACKAGES = {"ext4": "", "xfs": "xfsprogs", "btrfs": "btrfs-progs", "lvm": "lvm2"}

PACKAGES = sorted(
    {
        *("cloud-init", "cloud-guest-utils", "waagent", "isc-dhcp-client", "eject", "openssl", "parted", "net-tools"),
        *("qemu-guest-agent", "xfsprogs", "btrfs-progs", "lvm2"),
    }
)
"""All that the recipes install."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One disk as somebody brings it."""

    name: str  # a key of RECIPES
    file_system: str = "ext4"  # ext4, xfs, btrfs, or lvm for ext4 on a logical volume
    file_format: str = "qcow2"  # qcow2, vhd (of fixed size), vhdx, vmdk (for streaming)
    generation: str = "V1"  # V1 is started by a BIOS, V2 by UEFI
    fallback_loader: bool = True  # whether EFI/BOOT has a loader beside the distribution's own folder
    from_running: bool = False  # the second lab is made from the export of the running machine, else of the stopped one

    @property
    def is_specialized(self) -> bool:
        """Whether `prof` has an account, a password and a key on the disk."""
        return "useradd" in RECIPES[self.name]

    @property
    def has_agent(self) -> bool:
        """Whether a password can be set while the machine runs."""
        return "qemu-guest-agent" in RECIPES[self.name]

    @property
    def is_from_azure(self) -> bool:
        """Whether Azure's agent is on the disk."""
        return "waagent" in RECIPES[self.name]

    @property
    def has_cloud_init(self) -> bool:
        return "cloud-init" in RECIPES[self.name]

    @property
    def data_sources(self) -> tuple[str, ...]:
        """The only ones that cloud-init takes data from; none where it looks for one itself."""
        return ("Azure",) if "datasource_list" in RECIPES[self.name] else ()

    @property
    def card(self) -> str:
        """The card that the network is for; empty where any one will do."""
        return OTHER_CARD if f"Name={OTHER_CARD}" in RECIPES[self.name] else ""

    @property
    def has_virtio(self) -> bool:
        """Whether its first file system has drivers for virtio disks."""
        return "hv_storvsc" not in RECIPES[self.name]

    @property
    def script(self) -> str:
        packages = FILE_SYSTEM_PACKAGES[self.file_system]
        return _LESS_AT_START + (f"{_INSTALL} {packages}\n" if packages else "") + RECIPES[self.name]


VARIANTS = (
    Variant(name="a", file_system="btrfs", file_format="vhdx", from_running=True),
    Variant(name="b2", file_format="vhd", from_running=True),
    Variant(name="c2", file_system="lvm"),
    Variant(name="d", file_system="xfs", from_running=True),
    Variant(name="e", generation="V2"),
    Variant(name="f", from_running=True),
    Variant(name="hv", file_format="vhdx"),
    Variant(name="u", file_format="vmdk", generation="V2", fallback_loader=False),
)
"""Each kind of system once; between them they have each file system, format, firmware and kind of export."""

# Two file systems, both firmwares, two formats, off and running. Each walk takes three minutes of both processors: what is
# particular about the others (LVM, XFS, other buses) is tried with small systems in tests/adapters.
_ALWAYS = ("a", "u")

CASES = [
    pytest.param(each, id=each.name, marks=[] if each.name in _ALWAYS else [pytest.mark.long]) for each in VARIANTS
]
"""The variants as a test's parameters."""
