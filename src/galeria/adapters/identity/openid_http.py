"""HTTP requests to an OpenID Connect provider: JSON objects, in limited time, and over trusted connections."""

import json
import logging
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.domain.people.external_provider import is_trustworthy

log = logging.getLogger(__name__)

SECONDS = 10.0
LARGEST = 1024 * 1024  # bytes


class OpenIdHttp:
    """Sends the requests. Raises Unavailable where there is no JSON object; a refusal with one (400 and 401) is an answer."""

    def __init__(self, name: str, *, seconds: float = SECONDS) -> None:
        self._name = name
        self._seconds = seconds
        # The system's authorities, which an organization may have extended by its own.
        self._trust = ssl.create_default_context()

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        return self._asked("GET", address, headers=headers or {})

    def post(self, address: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Mapping[str, Any]:
        return self._asked("POST", address, form=form, headers=headers)

    def trusted(self, address: str) -> str:
        """Return the address where it is https or on this host. Raises Unavailable."""
        if not is_trustworthy(address):
            log.warning("%s names an address that is not https: %s", self._name, address)
            raise self.unusable(Message("names an address that is not safe"))
        return address

    def unusable(self, what: Message) -> Unavailable:
        return Unavailable(
            Message("'{name}' {what}.", name=self._name, what=what),
            hint=Message("Try again in a moment. If that does not help, tell an administrator."),
        )

    def _asked(
        self, method: str, address: str, *, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        place, said = self.trusted(address), {"Accept": "application/json", **headers}
        try:
            # Sign-ins are rare, so that no connection is kept open.
            with (
                httpx.Client(verify=self._trust, timeout=self._seconds, trust_env=False) as client,
                client.stream(method, place, data=form, headers=said) as answer,
            ):
                content = self._content(answer)
        except httpx.HTTPError as error:
            log.warning("%s does not answer at %s: %s", self._name, address, error)
            raise self.unusable(Message("does not answer")) from error
        return self._object(answer, content)

    def _content(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > LARGEST:
                raise self.unusable(Message("answers more than can be right"))
        return bytes(content)

    def _object(self, answer: httpx.Response, content: bytes) -> Mapping[str, Any]:
        is_refusal = answer.status_code in (400, 401) and answer.request.method == "POST"
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if isinstance(found, dict) and (answer.status_code == 200 or (is_refusal and "error" in found)):
            return found
        log.warning("%s answers %s at %s", self._name, answer.status_code, answer.request.url)
        raise self.unusable(Message("does not answer as it should"))
