"""Image versions as rows and facts, from their form in the REST API."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table

from galeria.interfaces.cli.kit.table import columns
from galeria.interfaces.cli.kit.wording import size

HEADINGS = ["Version", "State", "Size", "Stored", "Regions", "Published"]


def version_row(version: dict[str, Any]) -> list[Any]:
    """Return the cells under HEADINGS. Regions that are not complete have their progress."""
    properties = version["properties"]
    ours = properties.get("galeria") or {}
    publishing = properties.get("publishingProfile") or {}
    published = str(publishing.get("publishedDate") or "")
    return [
        version["name"],
        ours.get("failure") or properties.get("provisioningState"),
        size(ours.get("logicalBytes")),
        size(ours.get("storedBytes")),
        ", ".join(_replica(each) for each in ours.get("replicas") or []),
        published[:16].replace("T", " "),
    ]


def lab_names(use: dict[str, Any]) -> list[str]:
    """Return the names of a version's labs, of a line of costs or an impact; those that may not be seen are counted."""
    others = use.get("otherLabs") or 0
    named = [str(lab.get("title") or lab["name"]) for lab in use.get("labs") or []]
    return [*named, f"{others} of others"] if others else named


def replica_table(version: dict[str, Any]) -> Table:
    replicas = (version["properties"].get("galeria") or {}).get("replicas") or []
    rows = [
        (each["region"], each["state"], f"{each['progress']}%", size(each.get("sentBytes")), each.get("failure"))
        for each in replicas
    ]
    return columns(["Region", "State", "Done", "Sent", "Failure"], rows, right=frozenset({2, 3}))


def version_table(versions: Iterable[dict[str, Any]]) -> Table:
    return columns(HEADINGS, [version_row(each) for each in versions], right=frozenset({2, 3}))


def _replica(replica: dict[str, Any]) -> str:
    if replica["state"] == "Completed":
        return str(replica["region"])
    if replica["state"] == "Failed":
        return f"{replica['region']} failed"
    return f"{replica['region']} {replica['progress']}%"
