"""The page where a person types the code that a program shows, and signs in for it (RFC 8628 §3.3)."""

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import PrincipalKind
from galeria.domain.people.sign_in import DeviceCode
from galeria.interfaces.http.known_browsers import keep_mark, read_mark
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.browser.rendering import Pages, hidden
from galeria.interfaces.login.browser.texts import TEXTS, language_of
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.programs import find_program
from galeria.interfaces.login.requests import checked_fields, form_fields, read_body
from galeria.interfaces.login.sign_in_codes import SignInCodes
from galeria.interfaces.login.throttle import TooManyTries


class DevicePage:
    """The device page. Wrong codes count like wrong passwords, by the address that they come from."""

    def __init__(
        self, authority: Authority, password_sign_in: PasswordSignIn, codes: SignInCodes, pages: Pages
    ) -> None:
        self._authority = authority
        self._password_sign_in = password_sign_in
        self._codes = codes
        self._pages = pages

    def show(self, request: Request) -> HTMLResponse:
        language = _language(request)
        try:
            user_code = checked_fields(request.query_params.multi_items()).get("user_code", "")
        except OAuth2Error:
            user_code = ""
        if not user_code:
            return self._ask(language)
        try:
            waiting = self._find(user_code, request)
        except TooManyTries as error:
            return self._blocked(language, error)
        return self._form(language, user_code, waiting) if waiting else self._ask(language, "wrong_code")

    def answer(self, request: Request, body: bytes) -> HTMLResponse:
        language = _language(request)
        try:
            fields = form_fields(body)
        except OAuth2Error as error:
            return self._pages.show(
                language, "message", "refused_title", status=error.status_code, text=TEXTS[language]["refused_text"]
            )
        try:
            waiting = self._find(fields.get("user_code", ""), request)
        except TooManyTries as error:
            return self._blocked(language, error)
        return self._decide(language, fields, waiting, request) if waiting else self._ask(language, "wrong_code")

    def _decide(self, language: str, fields: dict[str, str], waiting: DeviceCode, request: Request) -> HTMLResponse:
        user_code, name = fields["user_code"], fields.get("username", "")
        if fields.get("choice") == "cancel":
            self._codes.answer_device(user_code, None)
            return self._end(language, "canceled")
        try:
            mark, address = read_mark(request, self._authority.endpoint), client_address(request)
            person = self._password_sign_in.sign_in(
                name, fields.get("password", ""), PrincipalKind.USER, address, mark=mark
            )
            is_answered = self._codes.answer_device(user_code, person)
        except TooManyTries as error:
            return self._blocked(language, error)
        except Unauthenticated:
            return self._form(language, user_code, waiting, name, wrong=True)
        answer = self._end(language, "done") if is_answered else self._ask(language, "wrong_code")
        keep_mark(answer, self._authority.endpoint, self._password_sign_in.new_mark(person))
        return answer

    def _find(self, user_code: str, request: Request) -> DeviceCode | None:
        mark, address = read_mark(request, self._authority.endpoint), client_address(request)
        self._password_sign_in.check_address(address, mark)
        found = self._codes.find_device(user_code)
        if found is None:
            self._password_sign_in.count_guess(address, mark)
        return found

    def _ask(self, language: str, notice: str = "") -> HTMLResponse:
        sentence = TEXTS[language][notice] if notice else ""
        return self._pages.show(
            language, "enter_code", "enter_code_title", notice=sentence, status=400 if notice else 200
        )

    def _form(
        self, language: str, user_code: str, waiting: DeviceCode, username: str = "", *, wrong: bool = False
    ) -> HTMLResponse:
        texts = TEXTS[language]
        return self._pages.show(
            language,
            "sign_in",
            "sign_in_title",
            notice=texts["wrong_password"] if wrong else "",
            status=400 if wrong else 200,
            program=find_program(waiting.client_id) or f"{texts['unknown_program']} ({waiting.client_id})",
            place=self._authority.endpoint,
            details=self._pages.part(language, "code", user_code=user_code.strip().upper()),
            action="/adfs/device",
            hidden=hidden({"user_code": user_code}),
            username=username,
        )

    def _blocked(self, language: str, error: TooManyTries) -> HTMLResponse:
        sentence = TEXTS[language]["blocked"].format(seconds=error.seconds)
        return self._pages.show(
            language, "message", "canceled_title", status=429, retry_after=error.seconds, text=sentence
        )

    def _end(self, language: str, how: str) -> HTMLResponse:
        return self._pages.show(language, "message", f"{how}_title", text=TEXTS[language][f"{how}_text"])


def device_page_router(page: DevicePage) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/adfs/device")
    def show(request: Request) -> HTMLResponse:
        return page.show(request)

    @router.post("/adfs/device")
    def answer(request: Request, body: bytes = Depends(read_body)) -> HTMLResponse:
        return page.answer(request, body)

    return router


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language", ""))
