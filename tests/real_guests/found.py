"""What Galeria says about the disk of each variant, as the API answers it."""

from typing import Any

from tests.real_guests.variants import PROF, Variant

OWNER = {"name": PROF, "hasPassword": True, "keys": 1, "isAdministrator": True}


def expect_found(found: dict[str, Any], variant: Variant) -> None:
    assert found["state"] == "LookedAt", found["reason"]
    system, root = found["operatingSystem"], found["root"]
    assert (system["kind"], system["distribution"], system["version"]) == ("Linux", "debian", "12")
    assert root["fileSystem"] == ("ext4" if variant.file_system == "lvm" else variant.file_system)
    assert root["isOnLvm"] == (variant.file_system == "lvm")
    assert not found["wasInUse"]
    assert ("virtio_blk" in found["boot"]["drivers"]) == variant.has_virtio
    assert ("qemu-guest-agent" in found["agents"]) == variant.has_agent
    assert ("walinuxagent" in found["agents"]) == variant.is_from_azure
    cloud_init = found["cloudInit"]
    assert (cloud_init and cloud_init["dataSources"]) == (
        list(variant.data_sources) if variant.has_cloud_init else None
    )
    assert found["accounts"] == ([OWNER] if variant.is_specialized else [])
    assert found["sshServer"]["hasHostKeys"] == variant.is_specialized
    assert (found["cardName"] or "") == variant.card
