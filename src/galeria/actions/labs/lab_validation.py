"""A lab that is still being thought about: with which account, what is wrong with it so far, what it would be called."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import list_accounts
from galeria.actions.labs.eligible_images import eligible_image
from galeria.actions.labs.lab_images import choose_image, image_names, unusable_image
from galeria.actions.labs.lab_settings import CREATE, LAB, LabSettings, allowed_region, check_title
from galeria.actions.labs.labs import LabRequest
from galeria.domain.errors import Conflict, GaleriaError
from galeria.domain.ids import ResourceId, lab_name, password, proposed_name, user_name
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.profiles import quota
from galeria.domain.labs.sizes import get_size
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True)
class LabProblems:
    """What stands against a lab, by what it is about: name, title, region, image, size, user, password, quota."""

    errors: dict[str, GaleriaError] = field(default_factory=dict)

    @contextmanager
    def about(self, what: str) -> Iterator[None]:
        """Keeps an error that is raised inside."""
        try:
            yield
        except GaleriaError as error:
            self.errors.setdefault(what, error)


def creatable_accounts(request: Request) -> list[LabAccount]:
    """Those that the caller may make labs with."""
    return [each for each in list_accounts(request, "/subscriptions") if request.caller.may(CREATE, each.key)]


def check_lab(request: Request, id: ResourceId, account: LabAccount, wanted: LabRequest) -> LabProblems:
    """Everything that making it would object to, and not only the first. Nothing is changed."""
    findings = LabProblems()
    with findings.about("name"):
        lab_name(id.name)
        _require_new(request, id)
    with findings.about("title"):
        check_title(wanted.title)
    with findings.about("region"):
        allowed_region(request, account, wanted.location)
    if "region" not in findings.errors:
        with findings.about("image"):
            _check_image(request, account, wanted)
    with findings.about("size"):
        get_size(request.settings.sizes, wanted.size)
    with findings.about("user"):
        user_name(wanted.user_name)
    with findings.about("password"):
        password(wanted.password)
    _check_settings(findings, wanted.settings)
    return findings


def propose_lab_name(request: Request, account: LabAccount, title: str) -> str:
    """Made from the title; a free one in the account's resource group."""
    group = account.arm_id.parent
    plain = proposed_name(title.strip())
    start = plain if plain[0].isalpha() else f"lab-{plain}"

    def is_taken(name: str) -> bool:
        return _is_taken(request, group.resource("Microsoft.LabServices", "labs", name))

    return f"{start}-{_free_number(lambda number: is_taken(f'{start}-{number}'))}" if is_taken(start) else start


def _check_image(request: Request, account: LabAccount, wanted: LabRequest) -> None:
    """As choose_image, but quick with thousands of versions. Raises Conflict, Invalid, NotFound."""
    definition, exact = image_names(request.uow.galleries.find(account.gallery_id or ""), wanted.image)
    region = request.settings.regions.get(wanted.location).name
    offered = None if exact else eligible_image(request.uow, account, definition.name, region)
    if offered is None or offered.definition.key != definition.key:
        choose_image(request, account, wanted.image, region)
    elif not offered.is_usable:
        raise unusable_image(offered.definition, offered.obstacles)


def _check_settings(findings: LabProblems, settings: LabSettings) -> None:
    if settings.usage_quota is not None:
        with findings.about("quota"):
            quota(settings.usage_quota, "quota")


def _require_new(request: Request, id: ResourceId) -> None:
    if _is_taken(request, id):
        raise Conflict(
            Message("There is a lab '{id}' already.", id=id.name), hint=Message("Choose another name."), target="name"
        )


def _is_taken(request: Request, id: ResourceId) -> bool:
    """Also by a lab of the older API that still waits for its template, but for those who may give it one."""
    if request.uow.labs.find_by_key(id.key):
        return True
    return request.uow.lab_drafts.find_by_key(id.key) is not None and not request.caller.may(f"{LAB}/write", id.key)


def _free_number(is_taken: Callable[[int], bool]) -> int:
    """From 2 on. A thousand labs of one title are not asked for one by one."""
    taken, free = 1, 2
    while is_taken(free):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if is_taken(middle) else (taken, middle)
    return free
