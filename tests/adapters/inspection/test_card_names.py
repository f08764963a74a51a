"""The name that a network card needs so that the settings on a disk take it, in every way in which systems write them."""

import pytest

from galeria.adapters.inspection.answers import Answer
from galeria.adapters.inspection.card_names import card_name

NETPLAN, NETWORKD, IFUPDOWN = "etc/netplan/01.yaml", "etc/systemd/network/10-lan.network", "etc/network/interfaces"
IFCFG, PROFILE = "etc/sysconfig/network-scripts/ifcfg-", "etc/NetworkManager/system-connections/lan.nmconnection"


def named(files: dict[str, str]) -> str:
    return card_name(Answer(files={name: content.encode() for name, content in files.items()}))


ONE_CARD = {
    "netplan": ("ens4", {NETPLAN: "network:\n  version: 2\n  ethernets:\n    ens4:\n      dhcp4: true\n"}),
    "netplan, quoted, after others": (
        "eth7",
        {
            NETPLAN: "network:\n  bonds: {}\n  ethernets:\n    # mine\n    'eth7':\n      dhcp4: yes # always\n"
            "  wifis:\n    wlp2s0:\n      dhcp4: true"
        },
    ),
    "netplan by a pattern for other cards": (
        "eth0",
        {NETPLAN: "network:\n ethernets:\n  all:\n   match:\n    name: 'eth*'\n   dhcp4: true\n"},
    ),
    "networkd": ("ens7", {NETWORKD: "[Match]\nName=ens7\n\n[Network]\nDHCP=ipv4\n"}),
    "networkd, with the address of the card that had it": (
        "eth7",
        {NETWORKD: "[Match]\nMACAddress=00:0d:3a:11:22:33\nName=eth7\n[Network]\nDHCP=yes\n"},
    ),
    "networkd, named by a file for another place": (
        "lan0",
        {
            NETWORKD: "[Match]\nName=lan0\n[Network]\nDHCP=yes\n",
            "etc/systemd/network/10-lan.link": "[Match]\nPath=pci-0000:00:07.0\n[Link]\nName=lan0\n",
        },
    ),
    "ifupdown": ("ens4", {IFUPDOWN: "auto lo\niface lo inet loopback\nallow-hotplug ens4\niface ens4 inet dhcp\n"}),
    "ifupdown, below a bridge": ("ens4", {IFUPDOWN: "auto br0\niface br0 inet dhcp\n bridge_ports ens4\n"}),
    "ifcfg": ("eth7", {IFCFG + "eth7": "DEVICE=eth7\nBOOTPROTO=dhcp\n", IFCFG + "lo": "DEVICE=lo\n"}),
    "ifcfg by its file's name": ("ens4", {IFCFG + "ens4": "BOOTPROTO='dhcp'\nHWADDR=00:0d:3a:11:22:33\n"}),
    "NetworkManager": ("ens4", {PROFILE: "[connection]\ntype=ethernet\ninterface-name=ens4\n[ipv4]\nmethod=auto\n"}),
    "NetworkManager by a pattern": (
        "eth7",
        {PROFILE: "[connection]\ntype=ethernet\n[match]\ninterface-name=eth7;\n[ipv4]\nmethod=auto\n"},
    ),
    "the one that asks for an address": (
        "ens8",
        {IFUPDOWN: "iface ens3 inet static\n address 10.0.0.2\niface ens8 inet dhcp\n"},
    ),
}

ANY_CARD = {
    "nothing": {},
    "every card by networkd": {NETWORKD: "[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n"},
    "no name by networkd": {NETWORKD: "[Match]\nType=ether\n[Network]\nDHCP=yes\n"},
    "another card, and every card": {
        NETWORKD: "[Match]\nName=ens7\n[Network]\nDHCP=no\n",
        "etc/systemd/network/90.network": "[Match]\nName=e*\n[Network]\nDHCP=yes\n",
    },
    "an address alone, which the machine's card gets": {
        NETPLAN: "network:\n  ethernets:\n    ens3:\n      match:\n        macaddress: 00:0d:3a:11:22:33\n      dhcp4: true\n"
    },
    "any card by NetworkManager": {PROFILE: "[connection]\nid=Wired\ntype=ethernet\n[ipv4]\nmethod=auto\n"},
    "no wired card": {IFUPDOWN: "iface lo inet loopback\niface wlan0 inet dhcp\niface docker0 inet manual\n"},
    "settings that only look so": {NETWORKD: "[Link]\nName=ens7\n", PROFILE: "[connection]\ntype=wifi\n"},
}

HOSTILE = {
    "quotes": {NETWORKD: '[Match]\nName=ens7",RUN+="/bin/x\n[Network]\nDHCP=yes\n'},
    "a long name": {IFUPDOWN: f"iface {'e' * 16} inet dhcp\n"},
    "control characters": {IFUPDOWN: "iface e\x1b[2J inet dhcp\niface e\x00 inet dhcp\n"},
    "many lines": {NETPLAN: "ethernets:\n" + " a b:\n" * 5000},
    "brackets": {IFUPDOWN: "iface [ inet dhcp\niface [[] inet dhcp\niface [!] inet dhcp\n"},
}


@pytest.mark.parametrize("case", ONE_CARD)
def test_settings_for_one_card_say_its_name(case: str) -> None:
    name, files = ONE_CARD[case]
    assert named(files) == name


@pytest.mark.parametrize("case", ANY_CARD)
def test_settings_for_any_card_need_no_name(case: str) -> None:
    assert named(ANY_CARD[case]) == ""


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_name_is_passed_over(case: str) -> None:
    assert named(HOSTILE[case]) == ""
