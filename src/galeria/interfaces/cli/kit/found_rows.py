"""What was found on a version's OS disk as facts, from its form in the REST API."""

from typing import Any

from galeria.interfaces.cli.kit.wording import size, yes

Row = tuple[str, Any]


def found_rows(version: dict[str, Any]) -> list[Row]:
    """Return names and values. What the disk does not have is left out, but for what people would look for."""
    found = (version["properties"].get("galeria") or {}).get("found") or {}
    if found.get("state") != "LookedAt":
        return [("Found", f"not looked at: {found['reason']}" if found.get("reason") else "not looked at")]
    system, root = found["operatingSystem"], found["root"]
    room = f"{size(root['freeBytes'])} of {size(root['sizeBytes'])} free" if root["sizeBytes"] else ""
    place = " on LVM" if root["isOnLvm"] else ""
    rows = [
        ("Found", system["name"] or system["kind"]),
        ("Init", system["init"]),
        ("Root", ", ".join(filter(None, [f"{root['fileSystem']}{place}" if root["fileSystem"] else "", room]))),
        ("Boot", _boot(found["boot"])),
        ("Disk drivers", _several(found["boot"]["drivers"] or [])),
        ("cloud-init", _cloud_init(found["cloudInit"])),
        ("Agents", _several(found["agents"]) or "none"),
        ("SSH server", _ssh_server(found["sshServer"])),
        ("Open accounts", "; ".join(map(_account, found["accounts"])) or "none"),
        ("Network for card", found.get("cardName")),
        *[(f"MAC in {each['path']}", _several(each["macAddresses"])) for each in found["networkFiles"]],
    ]
    flags = {"Was in use": found["wasInUse"], "Encrypted": found["isEncrypted"], "SELinux": found["enforcesSelinux"]}
    return [row for row in rows if row[1]] + [(name, yes(True)) for name, is_so in flags.items() if is_so]


def _several(words: list[str]) -> str:
    return ", ".join(words)


def _boot(boot: dict[str, Any]) -> str:
    found = [boot["loader"], " and ".join(boot["firmware"]), boot["kernel"]]
    return ", ".join(filter(None, found)) or "nothing boots from it"


def _cloud_init(found: dict[str, Any] | None) -> str:
    if found is None:
        return "none"
    words = ["" if found["isEnabled"] else "switched off", "has run" if found["hasRun"] else ""]
    words.append(f"asks {_several(found['dataSources'])}" if found["dataSources"] else "")
    return "; ".join(filter(None, words)) or "yes"


def _ssh_server(found: dict[str, Any] | None) -> str:
    if found is None:
        return "none"
    return f"{found['name']}{'' if found['hasHostKeys'] else ', without host keys'}"


def _account(account: dict[str, Any]) -> str:
    keys = account["keys"]
    words = ["password" if account["hasPassword"] else "", f"{keys} key{'s' if keys > 1 else ''}" if keys else ""]
    words.append("administrator" if account["isAdministrator"] else "")
    return f"{account['name']} ({', '.join(filter(None, words))})"
