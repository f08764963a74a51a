"""Pages of lab accounts: the list, the overview of one, creating and deleting one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Response

from galeria.actions.core.groups import list_groups
from galeria.actions.core.request import Request
from galeria.actions.labs.account_gallery import AccountGallery, preview_gallery
from galeria.actions.labs.account_policies import SupportContact
from galeria.actions.labs.accounts import (
    ACCOUNT,
    AccountRequest,
    delete_account,
    list_accounts,
    put_account,
)
from galeria.actions.labs.eligible_images import EligibleImages, ImageSearch, ImageStatus, search_images
from galeria.actions.versions.versions import VERSION
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import Message
from galeria.interfaces.web.kit.names import shown_name
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission, permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import account_url

ACCOUNTS = "/accounts"
ONE_ACCOUNT = f"{ACCOUNTS}/{{group}}/{{name}}"


def accounts_router() -> APIRouter:
    router = page_router()
    router.add_api_route(ACCOUNTS, show_accounts, methods=["GET"], name="web_accounts")
    router.add_api_route(f"{ACCOUNTS}/new", ask_new, methods=["GET"], name="web_account_ask_new")
    router.add_api_route(f"{ACCOUNTS}/new", make_new, methods=["POST"], name="web_account_new")
    router.add_api_route(ONE_ACCOUNT, show_account, methods=["GET"], name="web_account")
    router.add_api_route(f"{ONE_ACCOUNT}/delete", ask_delete, methods=["GET"], name="web_account_ask_delete")
    router.add_api_route(f"{ONE_ACCOUNT}/delete", delete, methods=["POST"], name="web_account_delete")
    return router


@dataclass(frozen=True, kw_only=True)
class AccountOverview:
    """The overview of an account. `images` is None for people who may not read them."""

    seen: AccountGallery
    images: EligibleImages | None
    support: SupportContact
    write: Permission
    delete: Permission
    bring: Permission  # to import images into the gallery

    @property
    def account(self) -> LabAccount:
        return self.seen.account

    @property
    def usable(self) -> int:
        return self.images.counts[ImageStatus.USABLE] if self.images else 0


def account_id(page: PageRequest, group: str, name: str) -> ResourceId:
    return page.id(group).resource("Microsoft.LabServices", "labPlans", name)


def region_names(request: Request) -> dict[str, str]:
    return {region.name: region.display_name for region in request.settings.regions.all}


def region_list(names: Mapping[str, str]) -> Callable[[tuple[str, ...]], str]:
    """Return a function that lists regions by their names.

    It caches texts, because most rows of a page have the same regions.
    """

    @cache
    def said(regions: tuple[str, ...]) -> str:
        return ", ".join(names.get(each, each) for each in regions) or "–"

    return said


def show_accounts(page: PageRequestDep) -> Response:
    """Show the list; with only one account, redirect to it."""
    with page.reading() as request:
        accounts = list_accounts(request, page.subscription.lower())
        if len(accounts) == 1:
            return page.go(account_url(accounts[0]))
        galleries = {
            each.gallery_id: request.uow.galleries.find(each.gallery_id) for each in accounts if each.gallery_id
        }
        return page.show(
            "accounts.html",
            accounts=accounts,
            galleries=galleries,
            labs=request.uow.image_queries.lab_counts([each.id for each in accounts]),
            regions=region_names(request),
            create=_create_permit(request, page),
        )


def show_account(page: PageRequestDep, group: str, name: str) -> Response:
    with page.reading() as request:
        overview = _look(request, account_id(page, group, name))
        return page.show(
            "account.html",
            overview=overview,
            account=overview.account,
            maker=shown_name(request, overview.account.created_by),
            regions=region_names(request),
            create=_create_permit(request, page),
            may_images=may_see_images(request, overview.account),
        )


def may_see_images(request: Request, account: LabAccount) -> bool:
    return request.caller.may(f"{ACCOUNT}/images/read", account.key)


def ask_new(page: PageRequestDep, status: int = 200) -> Response:
    with page.reading() as request:
        create = _create_permit(request, page)
        return page.show(
            "account_new.html",
            status=status,
            form=page.form,
            create=create,
            groups=[
                each.name
                for each in list_groups(request, page.services.subscription_id)
                if _may_create(request, each.key)
            ],
            regions=region_names(request),
        )


def make_new(page: PageRequestDep) -> Response:
    form = page.form
    page.require(f"{ACCOUNT}/write", page.id(form.text("group")).key if form.text("group") else page.subscription)
    with form.checking("name", "group", "location"):
        if not form.text("group"):
            raise Invalid(
                Message("No resource group was chosen."), hint=Message("Choose one of the list."), target="group"
            )
        id = account_id(page, form.text("group"), form.text("name"))
        with page.writing() as request:
            if request.uow.accounts.find_by_key(id.key):
                raise Conflict(
                    Message("There is a lab account '{id}' already.", id=id.name),
                    hint=Message("Choose another name."),
                    target="name",
                )
            put_account(request, id, AccountRequest(location=form.text("location"), tags={}))
    if form.errors:
        return ask_new(page, status=400)
    return page.go(account_url(id), notice=page.gettext("The lab account is there. Give it a gallery next."))


def ask_delete(page: PageRequestDep, group: str, name: str) -> Response:
    with page.reading() as request:
        overview = _look(request, account_id(page, group, name))
        return page.show("account_delete.html", overview=overview, account=overview.account)


def delete(page: PageRequestDep, group: str, name: str) -> Response:
    with page.writing() as request:
        was_there = delete_account(request, account_id(page, group, name))
    gone = page.gettext("The lab account is deleted.") if was_there else page.gettext("It was gone already.")
    return page.go(ACCOUNTS, notice=gone)


def _look(request: Request, id: ResourceId) -> AccountOverview:
    seen = preview_gallery(request, id)
    may_images = request.caller.may(f"{ACCOUNT}/images/read", id.key)
    return AccountOverview(
        seen=seen,
        images=search_images(request, id, ImageSearch(size=1)) if may_images else None,
        support=SupportContact.of(seen.account),
        write=permit(request, f"{ACCOUNT}/write", id.key),
        delete=permit(request, f"{ACCOUNT}/delete", id.key),
        bring=permit(request, f"{VERSION}/write", seen.gallery.key if seen.gallery else id.parent.key),
    )


def _create_permit(request: Request, page: PageRequest) -> Permission:
    """Return whether the person may create an account in any of the resource groups."""
    for group in request.uow.groups.below(page.subscription.lower()):
        if _may_create(request, group.key):
            return permit(request, f"{ACCOUNT}/write", group.key)
    return permit(request, f"{ACCOUNT}/write", page.subscription.lower())


def _may_create(request: Request, group: str) -> bool:
    return request.caller.may(f"{ACCOUNT}/write", group)
