"""Sign-in with a browser: a program opens this page, which redirects back to the program with a code."""

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from galeria.actions.people.sign_in_codes import AuthorizationRequest
from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import PrincipalKind
from galeria.interfaces.http.known_browsers import keep_mark, read_mark
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.authorization import (
    CARRIED,
    RedirectedError,
    RedirectTarget,
    read_authorization_request,
    read_redirect_target,
)
from galeria.interfaces.login.browser.rendering import Pages, hidden
from galeria.interfaces.login.browser.texts import TEXTS, language_of
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.programs import find_program, form_target
from galeria.interfaces.login.requests import checked_fields, form_fields, read_body
from galeria.interfaces.login.responses import TokenError
from galeria.interfaces.login.server import SignInServer
from galeria.interfaces.login.throttle import TooManyTries

PATHS = (
    "/adfs/oauth2/authorize",
    "/adfs/oauth2/v2.0/authorize",
    "/adfs/{tenant}/oauth2/authorize",
    "/adfs/{tenant}/oauth2/v2.0/authorize",
    "/{tenant}/oauth2/authorize",
    "/{tenant}/oauth2/v2.0/authorize",
)


class AuthorizePage:
    """The sign-in page. Every request is checked from the beginning: nothing is kept between the form and its answer."""

    def __init__(
        self, authority: Authority, password_sign_in: PasswordSignIn, server: SignInServer, pages: Pages
    ) -> None:
        self._authority = authority
        self._password_sign_in = password_sign_in
        self._server = server
        self._pages = pages

    def show(self, request: Request, tenant: str) -> Response:
        language = _language(request)
        try:
            fields = checked_fields(request.query_params.multi_items())
            target, _ = self._checked(fields, tenant)
        except OAuth2Error as error:
            return self._refused(language, error)
        return self._form(language, fields, target, fields.get("login_hint", ""))

    def answer(self, request: Request, body: bytes, tenant: str) -> Response:
        language = _language(request)
        try:
            fields = form_fields(body)
            target, wanted = self._checked(fields, tenant)
        except OAuth2Error as error:
            return self._refused(language, error)
        if fields.get("choice") == "cancel":
            return self._back(language, target, error="access_denied", error_description="The sign-in was canceled.")
        name = fields.get("username", "")
        try:
            mark, address = read_mark(request, self._authority.endpoint), client_address(request)
            person = self._password_sign_in.sign_in(
                name, fields.get("password", ""), PrincipalKind.USER, address, mark=mark
            )
            code = self._server.codes.authorize(person, wanted)
        except TooManyTries as error:
            sentence = TEXTS[language]["blocked"].format(seconds=error.seconds)
            return self._form(language, fields, target, name, sentence, status=429, retry_after=error.seconds)
        except Unauthenticated:
            return self._form(language, fields, target, name, TEXTS[language]["wrong_password"], status=400)
        answer = self._back(language, target, code=code)
        keep_mark(answer, self._authority.endpoint, self._password_sign_in.new_mark(person))
        return answer

    def _checked(self, fields: dict[str, str], tenant: str) -> tuple[RedirectTarget, AuthorizationRequest]:
        if not self._authority.is_tenant(tenant):
            raise TokenError("invalid_request", self._authority.other_tenant(tenant))
        target = read_redirect_target(fields)
        wanted = read_authorization_request(fields, target)
        try:
            self._server.validate_requested_scope(wanted.scope)
        except TokenError as error:
            raise RedirectedError(target, error.error, error.description) from error
        return target, wanted

    def _form(
        self,
        language: str,
        fields: dict[str, str],
        target: RedirectTarget,
        username: str,
        notice: str = "",
        *,
        status: int = 200,
        retry_after: int = 0,
    ) -> Response:
        return self._pages.show(
            language,
            "sign_in",
            "sign_in_title",
            notice=notice,
            status=status,
            leads_to=[form_target(target.uri)],
            retry_after=retry_after,
            program=find_program(fields["client_id"]) or "",
            place=self._authority.endpoint,
            details="",
            action=PATHS[0],
            hidden=hidden({name: fields[name] for name in CARRIED if name in fields}),
            username=username,
        )

    def _back(self, language: str, target: RedirectTarget, **result: str) -> Response:
        if not target.by_form:
            return RedirectResponse(target.url(**result), status_code=303, headers={"Cache-Control": "no-store"})
        title = "done_title" if "code" in result else "canceled_title"
        return self._pages.show(
            language,
            "continue",
            title,
            leads_to=[form_target(target.uri)],
            action=target.uri,
            hidden=hidden(target.fields(**result)),
        )

    def _refused(self, language: str, error: OAuth2Error) -> Response:
        if isinstance(error, RedirectedError):
            return self._back(language, error.target, error=error.error, error_description=error.description)
        return self._pages.show(
            language,
            "message",
            "refused_title",
            notice=str(error.description or ""),
            status=error.status_code,
            text=TEXTS[language]["refused_text"],
        )


def authorize_page_router(page: AuthorizePage) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def show(request: Request, tenant: str = "adfs") -> Response:
        return page.show(request, tenant)

    def answer(request: Request, tenant: str = "adfs", body: bytes = Depends(read_body)) -> Response:
        return page.answer(request, body, tenant)

    for path in PATHS:
        router.add_api_route(path, show, methods=["GET"])
        router.add_api_route(path, answer, methods=["POST"])
    return router


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language", ""))
