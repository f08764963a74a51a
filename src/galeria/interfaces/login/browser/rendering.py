"""Render the sign-in pages, without scripts, with headers against framing, caching and forms that lead elsewhere."""

from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from string import Template

from fastapi.responses import HTMLResponse, Response

from galeria.interfaces.login.browser.texts import TEXTS

_FOLDER = "pages"
_TEMPLATES = ("page", "enter_code", "sign_in", "code", "continue", "message")


class Pages:
    """Templates, read once. Every value is escaped, except `Markup`."""

    def __init__(self) -> None:
        folder = files(__package__) / _FOLDER
        self._templates = {name: Template((folder / f"{name}.html").read_text("utf-8")) for name in _TEMPLATES}
        self._style = (folder / "sign-in.css").read_text("utf-8")

    def style(self) -> Response:
        headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(self._style, media_type="text/css", headers=headers)

    def show(
        self,
        language: str,
        name: str,
        title: str,
        *,
        notice: str = "",
        status: int = 200,
        leads_to: Iterable[str] = (),
        retry_after: int = 0,
        **values: str,
    ) -> HTMLResponse:
        """Return a page. `title` is the key of a text, `notice` a sentence.

        `leads_to` are other origins where its form may end.
        """
        texts = TEXTS[language]
        page = self._templates["page"].substitute(
            language=language,
            title=escape(texts[title]),
            notice=f'<p class="notice" role="alert">{escape(notice)}</p>' if notice else "",
            body=self.part(language, name, **values),
        )
        headers = _headers(language, leads_to)
        if retry_after:
            headers["Retry-After"] = str(retry_after)
        return HTMLResponse(page, status_code=status, headers=headers)

    def part(self, language: str, name: str, **values: str) -> "Markup":
        known: Mapping[str, str] = {**TEXTS[language], **values}
        safe = {key: value if isinstance(value, Markup) else escape(value) for key, value in known.items()}
        return Markup(self._templates[name].substitute(safe))


class Markup(str):
    """HTML that this module made."""

    __slots__ = ()


def hidden(fields: Mapping[str, str]) -> Markup:
    """Return hidden fields of a form."""
    inputs = (f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items())
    return Markup("\n".join(inputs))


def _headers(language: str, leads_to: Iterable[str]) -> dict[str, str]:
    # Browsers apply form-action to a form's redirects as well (Content Security Policy Level 3 §6.4.1).
    targets = " ".join(["'self'", *leads_to])
    policy = f"default-src 'none'; style-src 'self'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    return {
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
