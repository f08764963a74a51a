"""The page "Policies" of a lab account."""

from fastapi import APIRouter, Response

from galeria.actions.labs.account_policies import MOST_GB, SUPPORT, Policies, SupportContact, change_policies
from galeria.actions.labs.accounts import ACCOUNT, get_account
from galeria.domain.ids import ResourceId
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.guest_network import Internet, NetworkPolicy, has_common_network, policy_of
from galeria.interfaces.web.accounts.accounts import ONE_ACCOUNT, account_id, may_see_images, region_names
from galeria.interfaces.web.kit.forms import Form
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import mark_of, require_same
from galeria.interfaces.web.kit.urls import account_url

FIELDS = ("os_disk_limit_gb", "allowed_regions", "names", *SUPPORT)


NAMES_TARGET = "properties.galeria.network.names"


def account_policies_router() -> APIRouter:
    router = page_router()
    router.add_api_route(f"{ONE_ACCOUNT}/policies", show_policies, methods=["GET"], name="web_account_policies")
    router.add_api_route(f"{ONE_ACCOUNT}/policies", save, methods=["POST"], name="web_account_policies_save")
    return router


def show_policies(page: PageRequestDep, group: str, name: str) -> Response:
    """Show the policies. `?limit=` proposes an OS-disk limit in GB, for links from images that are too large."""
    return _show(page, account_id(page, group, name))


def save(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = account_id(page, group, name), page.form
    page.require(f"{ACCOUNT}/write", id.key)
    with form.checking(*FIELDS, **{NAMES_TARGET: "names"}):
        wanted = _wanted(form)
        with page.writing() as request:
            require_same(form, *_saved(get_account(request, id)))
            change_policies(request, id, wanted)
    if form.errors:
        return _show(page, id, status=400)
    return page.go(account_url(id, "policies"), notice=page.gettext("The policies were saved."))


def _saved(account: LabAccount) -> tuple[object, ...]:
    """Return what the form shows of an account."""
    regions, support = sorted(account.allowed_regions), SupportContact.of(account)
    network = policy_of(account.profiles)
    reached = (network.internet.value, network.names, has_common_network(account.profiles))
    shown = (account.os_disk_limit_gb, regions, account.enable_by_default, *reached)
    return *shown, *(getattr(support, name) for name in SUPPORT)


def _wanted(form: Form) -> Policies:
    """Read the policies from the form. Raises Invalid for a limit that is no number."""
    return Policies(
        os_disk_limit_gb=form.number("os_disk_limit_gb"),
        allowed_regions=tuple(form.all("allowed_regions")),
        enable_by_default=form.text("enable_by_default") == "yes",
        network=NetworkPolicy(internet=_internet(form), names=tuple(form.text("names").replace(",", " ").split())),
        common_network=form.text("common_network") == "yes",
        support=SupportContact(**{name: form.text(name) for name in SUPPORT}),
    )


def _internet(form: Form) -> Internet:
    """Return what was chosen; where nothing was, everything is open as it is by default."""
    said = form.text("internet")
    return Internet(said) if said in set(Internet) else Internet.OPEN


def _show(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        account = get_account(request, id)
        regions = region_names(request)
        form = page.form
        is_again = bool(form.errors)
        proposed = page.query("limit")
        limit = proposed if proposed.isdecimal() and len(proposed) <= len(str(MOST_GB)) else ""
        return page.show(
            "account_policies.html",
            status=status,
            form=form,
            account=account,
            policies_mark=mark_of(*_saved(account)),
            regions=regions,
            chosen=form.all("allowed_regions") if is_again else account.allowed_regions,
            enabled=form.text("enable_by_default") == "yes" if is_again else account.enable_by_default,
            network=policy_of(account.profiles),
            internet=_internet(form) if is_again else policy_of(account.profiles).internet,
            common=form.text("common_network") == "yes" if is_again else has_common_network(account.profiles),
            support=SupportContact.of(account),
            proposed=limit,
            most=MOST_GB,
            longest={name: bounds[1] for name, bounds in SUPPORT.items()},
            write=permit(request, f"{ACCOUNT}/write", id.key),
            may_images=may_see_images(request, account),
        )
