"""An installation in which every page has something to show, and the order in which its buttons can be pressed."""

import re
from urllib.parse import urlsplit

from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.labs.image_switches import enable_image
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from tests.local_installation import ACCOUNT, GALLERY, MIB, LocalInstallation, disk_bytes, lab_id
from tests.version_rows import VersionRows, add_image

LAST = (
    "retry",
    "edit",
    "settings",
    "policies",
    "detach",
    "stop",
    "remove",
    "take",
    "delete",
    "disable",
    "password",
    "end",
    "out",
)
"""Ends of addresses whose buttons take away what others need: they are pressed after all others, in this order."""


def harm(place: str) -> int:
    """How late a button is pressed; -1 for one that takes nothing away."""
    end = re.split(r"[/-]", urlsplit(place).path)[-1]
    return LAST.index(end) if end in LAST else -1


def add_content(installation: LocalInstallation) -> None:
    """Images that make labs and that do not, a running lab, one that is off, work that failed and work under way."""
    with installation.request() as request:
        account = AccountRequest(
            location="brazilsouth", tags={}, gallery=GALLERY, allowed_regions=("brazilsouth", "brazilsoutheast")
        )
        put_account(request, ACCOUNT, account)
        request.uow.galleries.get_by_key(GALLERY.key).description = "Words on a gallery"
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "brazilsoutheast")))
    with installation.request() as request:
        add_image(request, "large", VersionRows(sizes=(200,)))
        add_image(request, "off", VersionRows())
        request.uow.flush()
        enable_image(request, ACCOUNT, "off", enabled=False)
    for name in ("algebra", "geometry", "physics"):
        installation.run(installation.begin_lab(name, GALLERY.child("images", "linux"), who="colleague"))
    installation.run(installation.begin_start("algebra", who="colleague"))
    installation.engine.fail_on["start"] = MachineFailed(
        Message("The host has no memory left."), hint=Message("Stop other machines.")
    )
    installation.run(installation.begin_start("geometry", who="colleague"))
    del installation.engine.fail_on["start"]
    installation.begin_start("physics", who="colleague")
    with installation.request() as request:
        for name in ("algebra", "geometry", "physics"):
            request.uow.labs.get_by_key(lab_id(name).key).description = "Words on a lab"
