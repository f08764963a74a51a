"""What was found on the OS disk of a version, as the API answers it in `properties.galeria.found`."""

from typing import Any

from galeria.domain.images.findings import CloudInit, Findings, Look, SshServer


def found_view(look: Look) -> dict[str, Any]:
    """Return the outcome of a look; `reason` says why there was none."""
    if look.findings is None:
        return {"state": "NotLookedAt", "reason": look.obstacle or None}
    return {"state": "LookedAt", "reason": None, **_system(look.findings), **_first_boot(look.findings)}


def _system(found: Findings) -> dict[str, Any]:
    return {
        "operatingSystem": {
            "kind": found.kind.value,
            "distribution": found.distribution or None,
            "version": found.version or None,
            "name": found.name or None,
            "init": found.init.value if found.init else None,
        },
        "root": {
            "fileSystem": found.file_system or None,
            "isOnLvm": found.is_on_lvm,
            "sizeBytes": found.root_bytes,
            "freeBytes": found.free_bytes,
        },
        "wasInUse": found.was_in_use,
        "isEncrypted": found.is_encrypted,
        "enforcesSelinux": found.enforces_selinux,
        "boot": {
            "loader": found.boot_loader or None,
            "firmware": [each.value for each in found.firmware],
            "kernel": found.kernel or None,
            "drivers": None if found.drivers is None else list(found.drivers),
        },
    }


def _first_boot(found: Findings) -> dict[str, Any]:
    return {
        "cloudInit": _cloud_init(found.cloud_init),
        "agents": [each.value for each in found.agents],
        "sshServer": _ssh_server(found.ssh),
        "accounts": [
            {
                "name": each.name,
                "hasPassword": each.has_password,
                "keys": each.keys,
                "isAdministrator": each.is_administrator,
            }
            for each in found.accounts
        ],
        "cardName": found.card_name or None,
        "networkFiles": [{"path": each.path, "macAddresses": list(each.addresses)} for each in found.network_files],
    }


def _cloud_init(found: CloudInit | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"isEnabled": found.is_enabled, "hasRun": found.has_run, "dataSources": list(found.data_sources)}


def _ssh_server(found: SshServer | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"name": found.name, "hasHostKeys": found.has_host_keys, "allowsPasswords": found.allows_passwords}
