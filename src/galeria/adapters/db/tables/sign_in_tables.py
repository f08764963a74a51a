"""Tables of sign-in codes, secrets and sessions. They hold only hashes of secrets."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from galeria.adapters.db.tables.columns import UtcTime, enum_type
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.people.sign_in import CredentialKind, DeviceCodeAnswer


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, String, nullable=False) for name in names]


def _principal(*, nullable: bool = False) -> Column[str]:
    """Return a reference to a principal; the row is deleted with it."""
    rule = ForeignKey("principals.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    return Column("principal_id", String, rule, nullable=nullable, index=True)


credentials = Table(
    "credentials",
    metadata,
    Column("id", String, primary_key=True),
    _principal(),
    Column("kind", enum_type(CredentialKind), nullable=False),
    Column("secret_hash", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Index("ix_credentials_secret_hash", "secret_hash", unique=True),
)

device_codes = Table(
    "device_codes",
    metadata,
    Column("id", String, primary_key=True),
    *_texts("user_code", "client_id", "scope"),
    Column("issued_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("interval", Integer, nullable=False),
    Column("polled_at", UtcTime),
    Column("answer", enum_type(DeviceCodeAnswer), nullable=False),
    _principal(nullable=True),
    Index("ix_device_codes_user_code", "user_code", unique=True),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("id", String, primary_key=True),
    _principal(),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    *_texts("address", "browser"),
    Column("issuer", String, nullable=False, server_default=""),
)

external_identities = Table(
    "external_identities",
    metadata,
    Column("id", String, primary_key=True),
    *_texts("issuer", "subject"),
    _principal(),
    Column("created_at", UtcTime, nullable=False),
    Column("email", String, nullable=False, server_default=""),
    Index("ix_external_identities_subject", "issuer", "subject", unique=True),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("id", String, primary_key=True),
    _principal(),
    *_texts("client_id", "redirect_uri", "scope", "challenge", "nonce", "family"),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("used_at", UtcTime),
)

# Empty where the database is a file of one computer, whose only server counts in its memory.
wrong_tries = Table(
    "wrong_tries",
    metadata,
    Column("id", String(32), primary_key=True),  # a keyed hash of what is guessed and from where
    Column("failures", Integer, nullable=False),
    Column("blocked_until", UtcTime),  # by the database's clock, as all times here
    Column("forgotten_at", UtcTime, nullable=False, index=True),
)
