"""Mail: one message, and the settings of the server that takes it."""

from dataclasses import dataclass, field
from enum import Enum

from galeria.domain.labs.addresses import is_address

DEFAULT_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class MailTls(Enum):
    """How the connection to the mail server is encrypted, as the settings say it."""

    STARTTLS = "starttls"  # after a plain greeting (RFC 3207)
    TLS = "tls"  # from the first byte (RFC 8314)
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """The mail server of the installation. Raises ValueError where a setting is missing or unsafe.

    `new_accounts`: an invitation lets whoever reads it make an account of that address, if there is none.
    """

    host: str
    sender: str  # the address that mails are from
    port: int = 0  # 0: the usual one of `tls`
    tls: MailTls = MailTls.STARTTLS
    user: str = ""  # empty: mails are taken without a sign-in
    password: str = field(default="", repr=False)
    authority: str = ""  # path of the certificates that the server's is signed by; empty: the host's own list
    language: str = "en"  # of invitations for which nobody chose one
    new_accounts: bool = True

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("mail needs a host")
        if not is_address(self.sender):
            raise ValueError(f"'from' is an e-mail address, and '{self.sender}' is none")
        if self.user and self.tls is MailTls.NONE:
            raise ValueError("a password is not sent without encryption: set tls, or leave out user")
        if bool(self.user) is not bool(self.password):
            raise ValueError("'user' and 'password_file' belong together")

    @property
    def used_port(self) -> int:
        """The port, where none is set the usual one."""
        return self.port or DEFAULT_PORTS[self.tls.value]


@dataclass(frozen=True, kw_only=True)
class MailText:
    """What a mail says: a plain text, and the same as simple HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail to one person. `message_id` stays the same where the same mail is sent again."""

    to: str
    message_id: str
    content: MailText
