"""Who sees a gallery besides those with a role on it: nobody, named subscriptions and tenants, or everybody here.

Source of limits and rules: Azure Compute Gallery documentation of direct and community sharing (docs/rules.md,
"Sharing").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from galeria.domain.errors import Conflict, Invalid
from galeria.domain.messages import Message

PROFILE = "gallery.properties.sharingProfile"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PREFIX = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")


_COMMUNITY = re.compile(r"/communityGalleries/([^/]+)/images/([^/]+)(?:/versions/([^/]+))?/?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class CommunityImage:
    """The id of an image by the public name of its community gallery. An empty version means the latest."""

    gallery: str
    image: str
    version: str = ""

    @classmethod
    def parse(cls, text: str) -> "CommunityImage":
        """Reads an id such as /CommunityGalleries/PUBLIC-NAME/Images/IMAGE/Versions/1.0.0. Raises Invalid."""
        found = _COMMUNITY.fullmatch(text)
        if found is None:
            raise Invalid(
                Message("'{text}' is not the id of a community gallery's image.", text=text),
                hint=Message("Give one such as /CommunityGalleries/PUBLIC-NAME/Images/IMAGE/Versions/1.0.0."),
                target="communityGalleryImageId",
            )
        version = found[3] or ""
        return cls(gallery=found[1], image=found[2], version="" if version.lower() == "latest" else version)

    def __str__(self) -> str:
        below = f"/Versions/{self.version}" if self.version else ""
        return f"/CommunityGalleries/{self.gallery}/Images/{self.image}{below}"


class Permissions(StrEnum):
    """The ways in which a gallery may be shared, in Azure's words."""

    PRIVATE = "Private"
    GROUPS = "Groups"
    COMMUNITY = "Community"


class GroupKind(StrEnum):
    """The two kinds of groups that a gallery is shared with directly, in Azure's words."""

    SUBSCRIPTIONS = "Subscriptions"
    TENANTS = "AADTenants"


class ShareStep(StrEnum):
    """The changes that Azure's share action makes to a gallery."""

    ADD = "Add"
    REMOVE = "Remove"
    RESET = "Reset"
    ENABLE_COMMUNITY = "EnableCommunity"


MOST = {GroupKind.SUBSCRIPTIONS: 30, GroupKind.TENANTS: 5}


def guids(ids: Sequence[str]) -> list[str]:
    """Returns the ids in lower case, each once. Raises Invalid for an id that is no GUID."""
    for each in ids:
        if not _GUID.fullmatch(each):
            raise Invalid(
                Message("'{each}' is not the id of a subscription or tenant.", each=each),
                hint=Message("Such an id is a GUID: 00000000-0000-0000-0000-000000000000."),
                target="groups.ids",
            )
    return list(dict.fromkeys(each.lower() for each in ids))


def added(held: Sequence[str], more: Sequence[str], kind: GroupKind) -> list[str]:
    """Returns the held ids and the new ones, each once. Raises Invalid above 30 subscriptions or 5 tenants."""
    together = list(dict.fromkeys([*held, *guids(more)]))
    if len(together) > MOST[kind]:
        raise Invalid(
            Message(
                "A gallery is shared with at most {most} {kind}; this would make {count}.",
                most=MOST[kind],
                kind=kind.value,
                count=len(together),
            ),
            hint=Message("Remove some first, or share it with a tenant or with the community."),
            target="groups.ids",
        )
    return together


def removed(held: Sequence[str], fewer: Sequence[str]) -> list[str]:
    """Returns the held ids without those of `fewer`. Raises Invalid for an id that is no GUID."""
    gone = set(guids(fewer))
    return [each for each in held if each not in gone]


def changed_permissions(now: Permissions, to: Permissions, *, is_shared: bool) -> Permissions:
    """Returns the new permissions if they may change: Private and Groups into each other, while the gallery is not shared.

    Raises Invalid where one is Community, Conflict while it is shared.
    """
    if now is to:
        return to
    if Permissions.COMMUNITY in (now, to):
        raise Invalid(
            Message(
                "Changing property '{profile}.permissions' from {now} to {to} is not allowed.",
                profile=PROFILE,
                now=now,
                to=to,
            ),
            hint=Message("Make another gallery: whether one is a community gallery is decided when it is made."),
            code="PropertyChangeNotAllowed",
            target=f"{PROFILE}.permissions",
        )
    if is_shared:
        raise Conflict(
            Message("The gallery is shared."),
            hint=Message("Take that back first: az sig share reset."),
            code="OperationNotAllowed",
            target=f"{PROFILE}.permissions",
        )
    return to


def check_community(info: Mapping[str, str]) -> None:
    """Raises Invalid unless a community gallery names its publisher's contact and a valid prefix of its public name."""
    place = f"{PROFILE}.communityGalleryInfo"
    for name in ("publisherContact", "publicNamePrefix"):
        if not info.get(name):
            raise Invalid(
                Message("A community gallery needs {place}.{name}.", place=place, name=name),
                hint=Message("Give publisherUri, publisherContact, eula and publicNamePrefix."),
                target=f"{place}.{name}",
            )
    if not _PREFIX.fullmatch(info["publicNamePrefix"]):
        raise Invalid(
            Message("'{public_name_prefix}' cannot begin a public name.", public_name_prefix=info["publicNamePrefix"]),
            hint=Message("Allowed are 1 to 64 letters, digits, '_' and '-', letter or digit at both ends."),
            target=f"{place}.publicNamePrefix",
        )
