"""A machine's network card in its definition: on the installation's bridge, or on a network of QEMU's own."""

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from galeria.adapters.engine.hardware.devices import MODELS, NETWORK, add_interface, network_words
from galeria.adapters.engine.network.guest_network import Lane
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.hardware import NetworkCard
from galeria.domain.messages import Message

_QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What the guest sees of its card, wherever that is connected."""

    model: str  # as QEMU names it
    mac: str


def card_of(xml: str) -> Card:
    """Return the machine's card. Raises MachineFailed for a definition of another program."""
    root = ElementTree.fromstring(xml)
    interface = root.find("devices/interface[@type='network']")
    found = _of_interface(interface) if interface is not None else _of_arguments(root)
    if found is None:
        raise MachineFailed(
            Message("The machine's definition has no network card."),
            hint=Message("Delete the machine and make it anew."),
        )
    return found


def is_bridged(xml: str) -> bool:
    return ElementTree.fromstring(xml).find("devices/interface[@type='network']") is not None


def connect(root: Element, lane: Lane | None) -> None:
    """Connect the machine's card to `lane`, or to a network of its own; the guest sees the same card at the same place."""
    card = card_of(ElementTree.tostring(root, encoding="unicode"))
    devices = root.find("devices")
    assert devices is not None, "a definition with a card has devices"
    for interface in devices.findall("interface"):
        devices.remove(interface)
    words = _other_arguments(root)
    if lane is not None:
        add_interface(devices, model=card.model, mac=card.mac, network=lane.network, tap=lane.tap)
    else:
        kind = NetworkCard(next((ours for ours, its in MODELS.items() if its == card.model), card.model))
        words = [*network_words(kind, mac=card.mac, machine_type=_machine_type(root)), *words]
    _set_arguments(root, words)


def _of_interface(interface: Element) -> Card | None:
    mac, model = interface.find("mac"), interface.find("model")
    if mac is None or model is None:
        return None
    return Card(model=MODELS.get(model.attrib["type"], model.attrib["type"]), mac=mac.attrib["address"])


def _of_arguments(root: Element) -> Card | None:
    device = next((each for each in _arguments(root) if f",netdev={NETWORK}," in each), None)
    if device is None:
        return None
    model, *options = device.split(",")
    return Card(model=model, mac=dict(each.split("=", 1) for each in options)["mac"])


def _arguments(root: Element) -> list[str]:
    return [each.attrib["value"] for each in root.findall(f"{_QEMU}commandline/{_QEMU}arg")]


def _other_arguments(root: Element) -> list[str]:
    """Return QEMU's arguments but for those of the card; each is an option with its value."""
    words = _arguments(root)
    pairs = zip(words[::2], words[1::2], strict=True)
    return [word for pair in pairs if not _is_of_card(*pair) for word in pair]


def _is_of_card(option: str, value: str) -> bool:
    return (option == "-netdev" and f"id={NETWORK}" in value) or (option == "-device" and f"netdev={NETWORK}" in value)


def _set_arguments(root: Element, words: list[str]) -> None:
    for command in root.findall(f"{_QEMU}commandline"):
        root.remove(command)
    if words:
        command = SubElement(root, f"{_QEMU}commandline")
        for word in words:
            SubElement(command, f"{_QEMU}arg", value=word)


def _machine_type(root: Element) -> str:
    """Return "q35" or "pc" of a definition, in which libvirt has written the version of the type as well."""
    type = root.find("os/type")
    return "q35" if type is not None and "q35" in type.get("machine", "") else "pc"
