"""Repositories of sign-in codes, service principals' secrets, web sessions and external identities."""

from datetime import datetime

from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository
from galeria.adapters.db.tables import sign_in_tables as tables
from galeria.domain.messages import Message
from galeria.domain.people.external_provider import ExternalIdentity
from galeria.domain.people.sign_in import AuthorizationCode, Credential, DeviceCode
from galeria.domain.people.web_sessions import WebSession


class SqlCredentialRepository(SqlRepository[Credential]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Credential, tables.credentials, Message("secret"))

    def find_by_hash(self, secret_hash: str) -> Credential | None:
        found = self._where(tables.credentials.c.secret_hash == secret_hash)
        return found[0] if found else None

    def of_principal(self, principal_id: str) -> list[Credential]:
        """Return the principal's secrets, oldest first."""
        columns = tables.credentials.c
        return self._where(columns.principal_id == principal_id, order=(columns.created_at, columns.id))


class SqlDeviceCodeRepository(SqlRepository[DeviceCode]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, DeviceCode, tables.device_codes, Message("device code"))

    def find_by_user_code(self, user_code: str) -> DeviceCode | None:
        """Return the device code whose user code has this fingerprint."""
        found = self._where(tables.device_codes.c.user_code == user_code)
        return found[0] if found else None

    def of_principal(self, principal_id: str) -> list[DeviceCode]:
        """Return the principal's device codes, sorted by when they expire."""
        columns = tables.device_codes.c
        return self._where(columns.principal_id == principal_id, order=(columns.expires_at, columns.id))

    def expired(self, before: datetime) -> list[DeviceCode]:
        """Return the device codes that expired before that time, oldest first."""
        columns = tables.device_codes.c
        return self._where(columns.expires_at < before, order=(columns.expires_at, columns.id))


class SqlAuthorizationCodeRepository(SqlRepository[AuthorizationCode]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, AuthorizationCode, tables.authorization_codes, Message("authorization code"))

    def find_by_family(self, family: str) -> AuthorizationCode | None:
        """Return the authorization code of a session, or None."""
        return next(iter(self._where(tables.authorization_codes.c.family == family)), None)

    def of_principal(self, principal_id: str) -> list[AuthorizationCode]:
        """Return the principal's authorization codes, sorted by when they expire."""
        columns = tables.authorization_codes.c
        return self._where(columns.principal_id == principal_id, order=(columns.expires_at, columns.id))

    def expired(self, before: datetime) -> list[AuthorizationCode]:
        """Return the authorization codes that expired before that time, oldest first."""
        columns = tables.authorization_codes.c
        return self._where(columns.expires_at < before, order=(columns.expires_at, columns.id))


class SqlWebSessionRepository(SqlRepository[WebSession]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, WebSession, tables.web_sessions, Message("session"))

    def of_principal(self, principal_id: str) -> list[WebSession]:
        """Return the principal's web sessions, oldest first."""
        columns = tables.web_sessions.c
        return self._where(columns.principal_id == principal_id, order=(columns.created_at, columns.id))

    def expired(self, before: datetime) -> list[WebSession]:
        """Return the web sessions that expired before that time, oldest first."""
        columns = tables.web_sessions.c
        return self._where(columns.expires_at < before, order=(columns.expires_at, columns.id))


class SqlExternalIdentityRepository(SqlRepository[ExternalIdentity]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, ExternalIdentity, tables.external_identities, Message("account elsewhere"))

    def find_by_subject(self, issuer: str, subject: str) -> ExternalIdentity | None:
        columns = tables.external_identities.c
        found = self._where(columns.issuer == issuer, columns.subject == subject)
        return found[0] if found else None

    def with_email(self, email: str) -> list[ExternalIdentity]:
        return self._where(tables.external_identities.c.email == email) if email else []

    def of_principal(self, principal_id: str) -> list[ExternalIdentity]:
        """Return the external identities linked to the principal, oldest first."""
        columns = tables.external_identities.c
        return self._where(columns.principal_id == principal_id, order=(columns.created_at, columns.id))
