"""Mails handed to a real SMTP server: encrypted, signed in, and what its refusals mean."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.adapters.mail import SmtpServer
from galeria.domain.people.mail import Mail, MailText, MailTls
from galeria.ports.other_servers.mail import MailDelayed, MailRefused, MailUncertain
from tests.adapters.mail_server import SENDER, mail_server

TEXT = MailText(subject="Convite: Álgebra", text="Olá, Ana.\nAté logo.", html="<p>Olá, Ana.</p>")
MAIL = Mail(to="ana@example.org", message_id="<1@example.org>", content=TEXT)


@pytest.mark.parametrize("tls", [MailTls.STARTTLS, MailTls.TLS])
def test_a_mail_arrives_encrypted_as_text_and_as_html(tmp_path: Path, tls: MailTls) -> None:
    with mail_server(tmp_path, tls=tls, signed_in=tls is MailTls.STARTTLS) as server:
        SmtpServer(server.settings).send(MAIL)
        ((to, mail),) = server.box.mails
    assert to == mail["To"] == "ana@example.org"
    assert mail["From"] == f"Galeria <{SENDER}>"
    assert (mail["Subject"], mail["Message-ID"]) == ("Convite: Álgebra", "<1@example.org>")
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == ["Olá, Ana.", "Até logo."]
    assert html.get_content().strip() == "<p>Olá, Ana.</p>"


def test_a_server_on_this_computer_may_do_without_both(tmp_path: Path) -> None:
    with mail_server(tmp_path, tls=MailTls.NONE, signed_in=False) as server:
        SmtpServer(server.settings).send(MAIL)
        assert len(server.box.mails) == 1


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ({"ana@example.org": "550 5.1.1 No such person"}, MailRefused, "refuses the mail: 550 5.1.1 No such person"),
        ({"ana@example.org": "450 4.2.1 Mailbox busy"}, MailDelayed, "does not take it now: 450 4.2.1 Mailbox busy"),
        ({"DATA": "552 5.3.4 Too large"}, MailRefused, "refuses the mail: 552"),
        ({"DATA": "451 4.3.0 Try later"}, MailDelayed, "does not take it now: 451"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(
    tmp_path: Path, answers: dict[str, str], kind: type[Exception], words: str
) -> None:
    with mail_server(tmp_path) as server:
        server.box.answers.update(answers)
        with pytest.raises(kind, match=words):
            SmtpServer(server.settings).send(MAIL)


def test_a_wrong_password_is_the_settings_fault(tmp_path: Path) -> None:
    with mail_server(tmp_path) as server:
        with pytest.raises(MailRefused, match="user name or the password of the settings") as told:
            SmtpServer(replace(server.settings, password="wrong-Horse-7")).send(MAIL)
        assert "galeria.toml" in told.value.hint
        assert "wrong-Horse-7" not in str(told.value)
        assert server.box.mails == []


def test_a_certificate_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    with mail_server(tmp_path) as server:
        with pytest.raises(MailRefused, match="certificate cannot be trusted"):
            SmtpServer(replace(server.settings, authority="")).send(MAIL)
        assert server.box.mails == []


def test_a_server_without_encryption_is_given_nothing(tmp_path: Path) -> None:
    with mail_server(tmp_path, tls=MailTls.NONE, signed_in=False) as server:
        with pytest.raises(MailRefused, match="cannot do what the settings ask for"):
            SmtpServer(replace(server.settings, tls=MailTls.STARTTLS)).send(MAIL)
        assert server.box.mails == []


def test_a_server_that_is_not_there_is_asked_again_later(tmp_path: Path) -> None:
    with mail_server(tmp_path) as server:
        settings = server.settings
    with pytest.raises(MailDelayed, match="does not answer"):
        SmtpServer(settings).send(MAIL)


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with (
        mail_server(tmp_path, tls=MailTls.NONE, signed_in=False) as server,
        socket.create_server(("127.0.0.1", 0)) as mute,
    ):
        settings = replace(server.settings, host="127.0.0.1", port=mute.getsockname()[1])
        with pytest.raises(MailDelayed, match="does not answer"):
            SmtpServer(settings, seconds=0.2).send(MAIL)


def test_a_line_that_breaks_while_the_mail_is_taken_leaves_it_open(tmp_path: Path) -> None:
    with mail_server(tmp_path, tls=MailTls.NONE, signed_in=False) as server:
        server.box.hang_up = True
        with pytest.raises(MailUncertain, match="broke while it took the mail"):
            SmtpServer(server.settings).send(MAIL)


def test_a_text_that_looks_like_a_header_stays_a_text(tmp_path: Path) -> None:
    text = replace(TEXT, subject="Bcc: x@example.org", text="Bcc: x@example.org\n\n.\nQUIT")
    with mail_server(tmp_path) as server:
        SmtpServer(server.settings).send(replace(MAIL, content=text))
        ((_, mail),) = server.box.mails
    assert mail["Bcc"] is None
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == ["Bcc: x@example.org", "", ".", "QUIT"]
