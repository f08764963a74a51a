"""A real SMTP server on the loopback, which keeps the mails that it takes, and refuses what tests name."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from galeria.adapters.identity.keys import ensure_installation
from galeria.adapters.system import SystemClock
from galeria.domain.people.mail import MailSettings, MailTls

SENDER = "labs@example.org"
USER, PASSWORD = "galeria", "correct-Horse-7"


@dataclass
class MailBox:
    """`answers` are what the server says to RCPT for an address, and to the mail itself for a word in it."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False  # in the place of an answer to a mail that was taken

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails += [(address, mail) for address in envelope.rcpt_tos]
        if self.hang_up:
            server.transport.close()
        return self.answers.get("DATA", "250 OK")


@dataclass(frozen=True, kw_only=True)
class RunningMailServer:
    box: MailBox
    settings: MailSettings


class _AnyPort(Controller):
    """On a port that is free; the package's own wants to know it before."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(
    folder: Path, *, tls: MailTls = MailTls.STARTTLS, signed_in: bool = True, password: str = PASSWORD
) -> Iterator[RunningMailServer]:
    """Listens on a free port, with a certificate of an authority of its own."""
    files = ensure_installation(folder / "mail-identity", clock=SystemClock())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.certificate_key)
    box = MailBox()

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), password.encode())
        return AuthResult(success=is_right, handled=False)

    controller = _AnyPort(
        box,
        hostname="127.0.0.1",
        port=0,
        ssl_context=context if tls is MailTls.TLS else None,
        tls_context=context if tls is MailTls.STARTTLS else None,
        require_starttls=tls is MailTls.STARTTLS,
        auth_required=signed_in,
        auth_require_tls=tls is MailTls.STARTTLS,
        authenticator=check if signed_in else None,
    )
    controller.start()
    try:
        settings = MailSettings(
            host="localhost",
            port=controller.port,
            tls=tls,
            user=USER if signed_in else "",
            password=password if signed_in else "",
            sender=SENDER,
            authority=str(files.ca) if tls is not MailTls.NONE else "",
        )
        yield RunningMailServer(box=box, settings=settings)
    finally:
        controller.stop()
