"""The images that a person may make labs from: usable ones first, the others with the reason and who can change it."""

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT, list_accounts
from galeria.actions.labs.eligible_images import ImageStatus
from galeria.actions.labs.lab_settings import CREATE
from galeria.domain.labs.accounts import LabAccount
from galeria.interfaces.web.accounts.account_images import find_images, read_search
from galeria.interfaces.web.accounts.accounts import region_names
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router


def images_router() -> APIRouter:
    router = page_router()
    router.add_api_route("/images", show_images, methods=["GET"], name="web_images")
    return router


def show_images(page: PageRequestDep) -> Response:
    """Show one lab account: the first, or that of `?account=GROUP/NAME`."""
    with page.reading() as request:
        accounts = _accounts(request, page)
        if not accounts:
            return page.show(
                "images_none.html", ask=permit(request, f"{ACCOUNT}/images/read", page.subscription.lower())
            )
        account = next((each for each in accounts if account_word(each) == page.query("account")), accounts[0])
        table = find_images(page, request, account.arm_id, read_search(page, usable_first=True))
        if len(accounts) > 1:
            table.query["account"] = account_word(account)
        return page.show(
            "images.html",
            table=table,
            account=account,
            accounts=accounts,
            account_word=account_word,
            statuses=ImageStatus,
            make=permit(request, CREATE, account.key),
            regions=region_names(request),
        )


def account_word(account: LabAccount) -> str:
    """Return the account's value in the address."""
    return f"{account.arm_id.group}/{account.name}"


def _accounts(request: Request, page: PageRequest) -> list[LabAccount]:
    """Return the accounts, those with a gallery first."""
    seen = list_accounts(request, page.subscription.lower())
    readable = [each for each in seen if request.caller.may(f"{ACCOUNT}/images/read", each.key)]
    return sorted(readable, key=lambda each: each.gallery_id is None)
