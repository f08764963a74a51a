"""Validates a lab request without saving it: which accounts can be used, everything that is wrong, a name to propose."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import list_accounts
from galeria.actions.labs.lab_images import choose_image
from galeria.actions.labs.lab_settings import CREATE, LAB, LabSettings, allowed_region, check_title
from galeria.actions.labs.labs import LabRequest, require_limits
from galeria.domain.errors import Conflict, GaleriaError
from galeria.domain.ids import ResourceId, lab_name, proposed_name
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.profiles import quota
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.windows import account_name, account_password
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True)
class LabProblems:
    """The errors of a lab request, by field: name, title, region, image, size, user, password, quota; "" for none."""

    errors: dict[str, GaleriaError] = field(default_factory=dict)

    @contextmanager
    def about(self, what: str) -> Iterator[None]:
        """Records an error that is raised inside under the field `what`."""
        try:
            yield
        except GaleriaError as error:
            self.errors.setdefault(what, error)


def creatable_accounts(request: Request) -> list[LabAccount]:
    """Returns the lab accounts in which the caller may make labs."""
    return [each for each in list_accounts(request, "/subscriptions") if request.caller.may(CREATE, each.key)]


def check_lab(request: Request, id: ResourceId, account: LabAccount, wanted: LabRequest) -> LabProblems:
    """Returns every error that making the lab would raise, not only the first. Nothing is changed."""
    findings = LabProblems()
    with findings.about("name"):
        lab_name(id.name)
        _require_new(request, id)
    with findings.about(""):
        require_limits(request, wanted, account)
    with findings.about("title"):
        check_title(wanted.title)
    with findings.about("region"):
        allowed_region(request, account, wanted.location)
    os_type = OsType.LINUX
    if "region" not in findings.errors:
        with findings.about("image"):
            region = request.settings.regions.get(wanted.location).name
            os_type = choose_image(request, account, wanted.image, region)[0].os_type
    with findings.about("size"):
        get_size(request.settings.sizes, wanted.size)
    with findings.about("user"):
        account_name(os_type, wanted.user_name)
    with findings.about("password"):
        account_password(os_type, wanted.password, user=wanted.user_name)
    _check_settings(findings, wanted.settings)
    return findings


def propose_lab_name(request: Request, account: LabAccount, title: str) -> str:
    """Returns a lab name made from the title that is free in the account's resource group."""
    group = account.arm_id.parent
    plain = proposed_name(title.strip())
    start = plain if plain[0].isalpha() else f"lab-{plain}"

    def is_taken(name: str) -> bool:
        return _is_taken(request, group.resource("Microsoft.LabServices", "labs", name))

    return f"{start}-{_free_number(lambda number: is_taken(f'{start}-{number}'))}" if is_taken(start) else start


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
    """Tells whether a lab has the name, or a draft of the older API that the caller may not give a template."""
    if request.uow.labs.find_by_key(id.key):
        return True
    return request.uow.lab_drafts.find_by_key(id.key) is not None and not request.caller.may(f"{LAB}/write", id.key)


def _free_number(is_taken: Callable[[int], bool]) -> int:
    """Returns a free number from 2 on by bisection, so that a thousand labs of one title take few queries."""
    taken, free = 1, 2
    while is_taken(free):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if is_taken(middle) else (taken, middle)
    return free
