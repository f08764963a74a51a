"""HTTP requests to an OpenID Connect provider: JSON objects, in limited time, and over trusted connections."""

import http.client
import logging
import ssl
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

from galeria.adapters.pinned_connections import (
    Deadline,
    PinnedConnection,
    Resolve,
    make_context,
    non_public_kind_here,
    resolve_host,
)
from galeria.domain.errors import Invalid, Unavailable
from galeria.domain.foreign_text import foreign_json, foreign_text
from galeria.domain.images.import_addresses import Address, read_address
from galeria.domain.messages import EMPTY, Message
from galeria.domain.people.external_provider import is_trustworthy_endpoint

log = logging.getLogger(__name__)

SECONDS = 10.0  # for a whole answer
LARGEST = 1024 * 1024  # bytes


class OpenIdHttp:
    """Sends the requests. Raises Unavailable where there is no JSON object; a refusal with one (400 and 401) is an answer.

    The provider chooses its endpoints itself, so it is not to reach through this server what it does not reach by itself:
    a host other than the issuer's must be public, or as near to this computer as the issuer is.
    """

    def __init__(
        self,
        name: str,
        issuer: str,
        *,
        seconds: float = SECONDS,
        resolve: Resolve = resolve_host,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._name = name
        self._issuer = issuer
        self._seconds = seconds
        self._resolve = resolve
        self._context = make_context(context)

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        return self._asked("GET", address, headers=headers or {})

    def post(self, address: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Mapping[str, Any]:
        typed = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self._asked("POST", address, headers=typed, body=urlencode(form))

    def trusted(self, address: str) -> str:
        """Return the address where it is https, or on this host as the issuer is. Raises Unavailable."""
        if not is_trustworthy_endpoint(self._issuer, address):
            raise self._unsafe(address)
        return address

    def unusable(self, what: Message) -> Unavailable:
        return Unavailable(
            Message("'{name}' {what}.", name=self._name, what=what),
            hint=Message(
                "Try again in a moment. If that does not help, an administrator finds the cause in the server's log."
            ),
        )

    def _unsafe(self, address: str) -> Unavailable:
        log.warning("%s names an address that is not safe: %s", self._name, foreign_text(address))
        return self.unusable(Message("names an address that is not safe"))

    def _asked(
        self, method: str, address: str, *, headers: Mapping[str, str], body: str | None = None
    ) -> Mapping[str, Any]:
        place, deadline = self._place(address), Deadline(self._seconds)
        said = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "galeria", **headers}
        try:
            # Sign-ins are rare, so that no connection is kept open. Redirects are no answer.
            connection = PinnedConnection(place, self._resolved(place), deadline, self._context)
            with closing(connection):
                connection.request(method, place.target, body=body, headers=said)
                answer = connection.getresponse()
                content = answer.read(LARGEST + 1)
                if answer.length and len(content) <= LARGEST:
                    raise http.client.IncompleteRead(content, answer.length)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a header that cannot be sent
            log.warning("%s does not answer at %s: %s", self._name, place.shown, foreign_text(str(error)))
            raise self.unusable(Message("does not answer")) from error
        if len(content) > LARGEST:
            raise self.unusable(Message("answers more than can be right"))
        return self._object(method, place, answer, content)

    def _place(self, address: str) -> Address:
        try:
            return read_address(self.trusted(address))
        except Invalid as error:
            raise self._unsafe(address) from error

    def _resolved(self, place: Address) -> list[str]:
        """Return the addresses of the host. Raises Unavailable where the provider may not lead there, and OSError."""
        ips, issuer = self._resolve(place.host, place.port), read_address(self._issuer)
        kinds = {non_public_kind_here(ip) for ip in ips} - {EMPTY}
        if kinds and place.host != issuer.host:
            own = {non_public_kind_here(ip) for ip in self._resolve(issuer.host, issuer.port)}
            if not kinds <= own:
                raise self._unsafe(place.shown)
        return ips

    def _object(
        self, method: str, place: Address, answer: http.client.HTTPResponse, content: bytes
    ) -> Mapping[str, Any]:
        is_refusal = answer.status in (400, 401) and method == "POST"
        try:
            found = foreign_json(content)
        except ValueError:
            found = None
        if isinstance(found, dict) and (answer.status == 200 or (is_refusal and "error" in found)):
            return found
        log.warning("%s answers %s at %s", self._name, answer.status, place.shown)
        raise self.unusable(Message("does not answer as it should"))
