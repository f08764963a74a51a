"""Hand mails to a server by SMTP, one connection for each."""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as PLAIN
from email.policy import SMTPUTF8
from email.utils import formatdate

from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message, verbatim
from galeria.domain.people.mail import Mail, MailSettings, MailTls
from galeria.ports.other_servers.mail import MailDelayed, MailRefused, MailUncertain

SECONDS = 20.0  # without an answer of the server
_NAME = "Galeria"
_CORRECT = Message("An administrator corrects the part 'mail' of galeria.toml.")
_LATER = Message("It is tried again by itself.")


class SmtpServer:
    """Implements `MailServer`. May be used by several threads."""

    def __init__(self, settings: MailSettings, *, seconds: float = SECONDS) -> None:
        self._settings, self._seconds = settings, seconds

    def send(self, mail: Mail) -> None:
        try:
            with self._connected() as smtp:
                self._hand_over(smtp, mail)
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(
                Message("The mail server cannot do what the settings ask for: {reason}.", reason=_last(error)),
                hint=_CORRECT,
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise MailRefused(
                Message("The mail server's certificate cannot be trusted: {reason}.", reason=error.verify_message),
                hint=_CORRECT,
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailDelayed(
                Message("The mail server does not answer: {reason}.", reason=_last(error)), hint=_LATER
            ) from error

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls is MailTls.TLS:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.used_port, timeout=self._seconds, context=self._trust()
            )
        else:
            smtp = smtplib.SMTP(settings.host, settings.used_port, timeout=self._seconds)
        try:
            smtp.ehlo_or_helo_if_needed()
            if settings.tls is MailTls.STARTTLS:
                smtp.starttls(context=self._trust())
                smtp.ehlo()
            if settings.user:
                smtp.login(settings.user, settings.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.authority or None)

    def _hand_over(self, smtp: smtplib.SMTP, mail: Mail) -> None:
        """Do what `smtplib.sendmail` does step by step, so that it is known whether the server may have the mail."""
        message, options = _message(mail, self._settings.sender), []
        is_foreign = not (mail.to + self._settings.sender).isascii()
        if is_foreign:
            if not smtp.has_extn("smtputf8"):
                raise MailRefused(
                    Message("The mail server takes no addresses with letters beyond ASCII."),
                    hint=Message("Correct the address, or add the person by another one."),
                )
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        _require(*smtp.mail(self._settings.sender, options))
        _require(*smtp.rcpt(mail.to))
        try:
            code, said = smtp.data(message.as_bytes(policy=SMTPUTF8 if is_foreign else PLAIN))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise MailUncertain(
                Message(
                    "The connection to the mail server broke while it took the mail: {reason}.", reason=_last(error)
                ),
                hint=Message("Ask the person whether it came, and invite again if not."),
            ) from error
        _require(code, said)


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address(_NAME, addr_spec=sender)
    message["To"] = mail.to
    message["Subject"] = mail.content.subject
    message["Message-ID"] = mail.message_id
    message["Date"] = formatdate()
    message["Auto-Submitted"] = "auto-generated"  # so that nobody's absence is answered (RFC 3834)
    message.set_content(mail.content.text)
    message.add_alternative(mail.content.html, subtype="html")
    return message


def _require(code: int, said: bytes) -> None:
    if not 200 <= code < 300:
        raise smtplib.SMTPResponseException(code, said)


def _answered(code: int, said: bytes | str) -> GaleriaError:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    reason = verbatim(f"{code} {' '.join(words.split())}"[:300])
    if 400 <= code < 500:
        return MailDelayed(Message("The mail server does not take it now: {reason}.", reason=reason), hint=_LATER)
    if code in (530, 534, 535, 538):
        told = Message(
            "The mail server refuses the user name or the password of the settings: {reason}.", reason=reason
        )
        return MailRefused(told, hint=_CORRECT)
    return MailRefused(
        Message("The mail server refuses the mail: {reason}.", reason=reason),
        hint=Message("See that the address is right; then invite again."),
    )


def _last(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
