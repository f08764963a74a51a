"""The answer file that a generalized (sysprep'd) Windows takes at its first start, on a CD as its setup looks for it.

Sources: Microsoft's "Unattended Windows Setup Reference" (components, passes, elements) and "Windows Setup Automation
Overview" (the names and places where the file is looked for). There is no product key in it: the image brings its own licence.
"""

import base64
import io
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import pycdlib

from galeria.adapters.engine.windows.time_zones import host_zone, windows_zone
from galeria.ports.machines import FirstBoot

NAMESPACE = "urn:schemas-microsoft-com:unattend"
WCM = "http://schemas.microsoft.com/WMIConfig/2002/State"
# The first name is looked for by the passes of a disk that has Windows already, the second by setup media.
NAMES = ("Unattend.xml", "Autounattend.xml")
_REMOTE_DESKTOP = "@FirewallAPI.dll,-28752"  # the firewall's group of that name, in whatever language
_SIGNED = "31bf3856ad364e35"  # the public key of Microsoft's own components


def answer_file(first_boot: FirstBoot, *, zone: str) -> str:
    """Return the file: computer name, time zone and remote desktop (specialize), account and password (oobeSystem)."""
    root = Element("unattend", {"xmlns": NAMESPACE, "xmlns:wcm": WCM})
    specialize = SubElement(root, "settings", {"pass": "specialize"})
    _shell(specialize, ComputerName=first_boot.host_name, TimeZone=windows_zone(zone))
    _component(specialize, "Microsoft-Windows-TerminalServices-LocalSessionManager", fDenyTSConnections="false")
    # 1: who signs in is asked for the password before there is a session (network level authentication).
    _component(specialize, "Microsoft-Windows-TerminalServices-RDP-WinStationExtensions", UserAuthentication="1")
    firewall = _component(specialize, "Networking-MPSSVC-Svc")
    group = SubElement(SubElement(firewall, "FirewallGroups"), "FirewallGroup", _added("RemoteDesktop"))
    for name, text in (("Active", "true"), ("Group", _REMOTE_DESKTOP), ("Profile", "all")):
        SubElement(group, name).text = text
    oobe = SubElement(root, "settings", {"pass": "oobeSystem"})
    _locale(oobe, first_boot.locale)
    _account(_shell(oobe, TimeZone=windows_zone(zone)), first_boot)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def encoded_password(password: str) -> str:
    """Return the password as answer files have it: base64 of UTF-16 with the element's name behind it. This hides nothing."""
    return base64.b64encode((password + "Password").encode("utf-16-le")).decode("ascii")


def write_answer_disc(path: Path, first_boot: FirstBoot) -> None:
    """Write the CD, whole or not at all. It holds the password, so that only root and QEMU's user can read it."""
    unfinished = path.with_name(path.name + ".new")
    content = answer_file(first_boot, zone=host_zone()).encode()
    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, vol_ident="UNATTEND", joliet=3)
    for name in NAMES:
        image.add_fp(io.BytesIO(content), len(content), f"/{name[:8].upper()}.XML;1", joliet_path=f"/{name}")
    unfinished.touch(mode=0o600)
    image.write(str(unfinished))
    image.close()
    unfinished.replace(path)


def _component(settings: Element, name: str, **texts: str) -> Element:
    component = SubElement(
        settings,
        "component",
        name=name,
        processorArchitecture="amd64",
        publicKeyToken=_SIGNED,
        language="neutral",
        versionScope="nonSxS",
    )
    for tag, text in texts.items():
        SubElement(component, tag).text = text
    return component


def _shell(settings: Element, **texts: str) -> Element:
    return _component(settings, "Microsoft-Windows-Shell-Setup", **texts)


def _locale(settings: Element, locale: str) -> None:
    tags = ("InputLocale", "SystemLocale", "UILanguage", "UserLocale")
    _component(settings, "Microsoft-Windows-International-Core", **dict.fromkeys(tags, locale))


def _account(shell: Element, first_boot: FirstBoot) -> None:
    oobe = SubElement(shell, "OOBE")
    for tag in ("HideEULAPage", "HideLocalAccountScreen", "HideOnlineAccountScreens", "HideWirelessSetupInOOBE"):
        SubElement(oobe, tag).text = "true"
    SubElement(oobe, "ProtectYourPC").text = "1"  # the recommended protection, updates included
    account = SubElement(
        SubElement(SubElement(shell, "UserAccounts"), "LocalAccounts"), "LocalAccount", _added(first_boot.user_name)
    )
    secret = SubElement(account, "Password")
    SubElement(secret, "Value").text = encoded_password(first_boot.password)
    SubElement(secret, "PlainText").text = "false"
    for tag, text in (
        ("Description", "Made by Galeria"),
        ("DisplayName", first_boot.user_name),
        ("Group", "Administrators"),
        ("Name", first_boot.user_name),
    ):
        SubElement(account, tag).text = text


def _added(key: str) -> dict[str, str]:
    """Return the attributes of a list's element that is added; `key` tells it from others of the list."""
    return {"wcm:action": "add"} | ({"wcm:keyValue": key} if key == "RemoteDesktop" else {})
