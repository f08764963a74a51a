"""The policies of a lab account: OS-disk limit, regions, whether new images are enabled, the internet, support contact."""

import re
from dataclasses import dataclass, field

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT, AccountRequest, put_account
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.guest_network import OPEN, NetworkPolicy
from galeria.domain.messages import Message

MOST_GB = 64 * 1024  # 64 TB is more than any of the accepted formats can hold
# Name in the profile → shortest and longest text in characters; the limits are the Lab Services API's.
SUPPORT = {"url": (3, 2000), "email": (6, 254), "phone": (1, 31), "instructions": (1, 2000)}
_ADDRESS = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, kw_only=True)
class SupportContact:
    """The support contact of a lab account. Empty texts are left out."""

    url: str = ""
    email: str = ""
    phone: str = ""
    instructions: str = ""

    @classmethod
    def of(cls, account: LabAccount) -> "SupportContact":
        """Reads the support contact from a lab account's profiles."""
        said = account.profiles.get("supportInfo") or {}
        return cls(**{name: str(said.get(name) or "") for name in SUPPORT})

    @property
    def is_link(self) -> bool:
        """Whether the address is http or https and may be shown as a link; the API accepts any text."""
        return _ADDRESS.fullmatch(self.url) is not None

    def profile(self) -> dict[str, str | None]:
        """Returns the contact as the API writes it; None removes an empty one. Raises Invalid."""
        said = {name: getattr(self, name).strip() for name in SUPPORT}
        for name, text in said.items():
            _check(name, text)
        return {name: text or None for name, text in said.items()}


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies of a lab account that an administrator sets."""

    os_disk_limit_gb: int
    allowed_regions: tuple[str, ...]
    enable_by_default: bool
    network: NetworkPolicy = OPEN  # what machines reach of the internet
    common_network: bool = False  # whether machines of one lab reach each other
    support: SupportContact = field(default_factory=SupportContact)


def change_policies(request: Request, id: ResourceId, wanted: Policies) -> LabAccount:
    """Sets a lab account's policies and leaves its gallery.

    Raises Forbidden, NotFound, and Invalid, whose target names the policy.
    """
    request.caller.require(f"{ACCOUNT}/write", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    if not 1 <= wanted.os_disk_limit_gb <= MOST_GB:
        raise Invalid(
            Message("The OS-disk limit is 1 to {most_gb} GB.", most_gb=MOST_GB),
            hint=Message("Azure's limit is 128 GB."),
            target="os_disk_limit_gb",
        )
    if not wanted.allowed_regions:
        raise Invalid(
            Message("No region is allowed."), hint=Message("Choose one region at least."), target="allowed_regions"
        )
    gallery = request.uow.galleries.get(account.gallery_id) if account.gallery_id else None
    said = AccountRequest(
        location=account.location,
        tags=dict(account.tags),
        gallery=gallery.arm_id if gallery else None,
        allowed_regions=wanted.allowed_regions,
        os_disk_limit_gb=wanted.os_disk_limit_gb,
        enable_by_default=wanted.enable_by_default,
        internet=wanted.network.internet,
        names=wanted.network.names,
        common_network=wanted.common_network,
        profiles={"supportInfo": wanted.support.profile()},
    )
    return put_account(request, id, said)[0]


def _check(name: str, text: str) -> None:
    shortest, longest = SUPPORT[name]
    if text and not shortest <= len(text) <= longest:
        raise Invalid(
            Message("This text has {count} characters.", count=len(text)),
            hint=Message("It takes {shortest} to {longest} of them.", shortest=shortest, longest=longest),
            target=name,
        )
    if name == "url" and text and not _ADDRESS.fullmatch(text):
        raise Invalid(
            Message("'{text}' is no web address.", text=text), hint=Message("It begins with https://."), target=name
        )
    if name == "email" and text and not _MAIL.fullmatch(text):
        raise Invalid(
            Message("'{text}' is no e-mail address.", text=text),
            hint=Message("It has the form name@example.org."),
            target=name,
        )
