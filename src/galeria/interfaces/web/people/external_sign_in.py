"""Sign in and out with an external OpenID Connect provider.

Every step is a GET, because the policy for forms allows no other site.
"""

import base64
import hmac
import re

from fastapi import APIRouter, Response

from galeria.actions.people.external_sign_in import sign_in_externally
from galeria.actions.people.sign_ins import SIGN_IN as SIGNING_IN
from galeria.domain.errors import GaleriaError, NotFound, Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.external_provider import ExternalProvider, sign_in_attempt
from galeria.interfaces.arm.protocol.errors import status_of
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.web.kit.page_request import PageRequest, PublicPageRequestDep
from galeria.interfaces.web.kit.routes import SIGN_IN, page_router
from galeria.interfaces.web.people.browser_sign_in import signed_in_response
from galeria.interfaces.web.people.sign_in import HOME, local_path, show_sign_in
from galeria.ports.other_servers.identity_provider import IdentityProvider

START = f"{SIGN_IN}/external"
BACK = f"{SIGN_IN}/external/back"
LIFE = 600  # seconds that a sign-in at the provider may take
_CODE = re.compile(r"[a-z_]{1,60}")


def external_router() -> APIRouter:
    router = page_router()
    router.add_api_route(START, begin, methods=["GET"], name="web_external_sign_in")
    router.add_api_route(BACK, come_back, methods=["GET"], name="web_external_back")
    router.add_api_route("/sign-out/external", leave, methods=["GET"], name="web_external_sign_out")
    return router


def begin(page: PublicPageRequestDep) -> Response:
    """Redirect to the provider.

    The browser gets a secret of its own, so that nobody can complete the sign-in of another browser.
    """
    provider, _ = _provider(page)
    target, secret = local_path(page.query("next")), page.services.id_generator.new_secret()
    try:
        answer = page.go(provider.sign_in_address(sign_in_attempt(secret), _address(page, BACK)))
    except GaleriaError as error:
        return _failed(page, target, error)
    attempt_cookie = f"{secret}.{base64.urlsafe_b64encode(target.encode()).decode()}"
    page.cookies.keep(answer, page.cookies.external, attempt_cookie, seconds=LIFE)
    return answer


def come_back(page: PublicPageRequestDep) -> Response:
    provider, settings = _provider(page)
    secret, target = _read_attempt(page)
    attempt, address = sign_in_attempt(secret), client_address(page.http)
    try:
        _require_ours(page, provider, attempt.state if secret else "")
        profile = provider.redeem(attempt, _address(page, BACK), page.query("code"))
        with page.services.requests.anonymous_writing() as request:
            person = sign_in_externally(request, settings, profile, address=address)
    except GaleriaError as error:
        page.services.requests.record_refusal(None, SIGNING_IN, "", error.message, address=address)
        answer = _failed(page, target, error)
    else:
        answer = signed_in_response(page, person, target, issuer=profile.issuer)
    page.cookies.forget(answer, page.cookies.external)
    return answer


def leave(page: PublicPageRequestDep) -> Response:
    """Sign out at the provider, after signing out here."""
    provider, _ = _provider(page)
    try:
        place = provider.sign_out_address(_address(page, SIGN_IN))
    except GaleriaError as error:
        return _failed(page, HOME, error)
    notice = page.gettext("%(provider)s has no way to sign out from here.") % {"provider": provider.name}
    return page.go(place) if place else page.go(SIGN_IN, notice=notice)


def _require_ours(page: PageRequest, provider: IdentityProvider, state: str) -> None:
    """Raise Unauthenticated unless this is a positive answer to the attempt of this browser."""
    if not state or not hmac.compare_digest(page.query("state").encode(), state.encode()):
        raise Unauthenticated(
            Message("This sign-in took too long, or it was begun in another window."), hint=Message("Start it again.")
        )
    if not provider.is_own_answer(page.query("iss")):
        raise Unauthenticated(
            Message("The answer comes from somewhere else."), hint=Message("Start the sign-in again.")
        )
    refusal = page.query("error")
    if refusal == "access_denied":
        raise Unauthenticated(
            Message("'{provider}' did not let you in, or you said no there.", provider=provider.name),
            hint=Message("Start again, or use a password."),
        )
    if refusal or not page.query("code"):
        code = refusal if _CODE.fullmatch(refusal) else Message("no code")
        raise Unauthenticated(
            Message("'{provider}' answers with an error: {code}.", provider=provider.name, code=code),
            hint=Message("Start the sign-in again."),
        )


def _read_attempt(page: PageRequest) -> tuple[str, str]:
    """The secret, empty without one, and where to go."""
    secret, _, target = page.http.cookies.get(page.cookies.external, "").partition(".")
    try:
        return secret, local_path(base64.urlsafe_b64decode(target.encode()).decode())
    except ValueError:
        return secret, HOME


def _failed(page: PageRequest, target: str, error: GaleriaError) -> Response:
    return show_sign_in(page, target, page.error_text(error), status=status_of(error))


def _provider(page: PageRequest) -> tuple[IdentityProvider, ExternalProvider]:
    provider, settings = page.services.provider, page.services.settings.openid
    if provider is None or settings is None:
        raise NotFound(Message("There is no such page."), hint=Message("Look for what you need from the start page."))
    return provider, settings


def _address(page: PageRequest, place: str) -> str:
    return f"{page.services.endpoint}{place}"
