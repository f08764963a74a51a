"""The part of a unit of work that knows people and programs, what they may do, and what they sign in with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from galeria.domain.people.external_provider import ExternalIdentity
from galeria.domain.people.principals import PersonOutline, Principal, RefreshToken, RoleAssignment
from galeria.domain.people.sign_in import AuthorizationCode, Credential, DeviceCode
from galeria.domain.people.web_sessions import WebSession
from galeria.ports.repository import Repository


class PersonRepository(Repository[Principal], Protocol):
    def find_by_name(self, name: str) -> Principal | None:
        """In any case."""
        ...

    def all(self) -> list[Principal]: ...

    def outlines(self) -> list[PersonOutline]:
        """Of everybody, by display name."""
        ...

    def some(self, ids: Sequence[str]) -> list[Principal]:
        """In the given order; those that are gone are left out."""
        ...

    def assignments(self, principal_id: str) -> list[RoleAssignment]: ...

    def assignments_of(self, ids: Sequence[str]) -> list[RoleAssignment]:
        """Of several principals, by scope, then role."""
        ...

    def all_assignments(self) -> list[RoleAssignment]: ...

    def add_assignment(self, assignment: RoleAssignment) -> None: ...

    def remove_assignment(self, assignment: RoleAssignment) -> None: ...


class RefreshTokenRepository(Repository[RefreshToken], Protocol):
    """Also those that were used, until they would have expired: a second use betrays a stolen one."""

    def of_family(self, family: str) -> list[RefreshToken]:
        """By the time of issue."""
        ...

    def of_principal(self, principal_id: str) -> list[RefreshToken]:
        """By the time of issue."""
        ...

    def expired(self, before: datetime) -> list[RefreshToken]:
        """Those that expired before that time, oldest first."""
        ...


class CredentialRepository(Repository[Credential], Protocol):
    def find_by_hash(self, secret_hash: str) -> Credential | None: ...

    def of_principal(self, principal_id: str) -> list[Credential]:
        """Oldest first."""
        ...


class DeviceCodeRepository(Repository[DeviceCode], Protocol):
    def find_by_user_code(self, user_code: str) -> DeviceCode | None:
        """By the fingerprint of what the person types."""
        ...

    def of_principal(self, principal_id: str) -> list[DeviceCode]: ...

    def expired(self, before: datetime) -> list[DeviceCode]:
        """Those that expired before that time, oldest first."""
        ...


class AuthorizationCodeRepository(Repository[AuthorizationCode], Protocol):
    def of_principal(self, principal_id: str) -> list[AuthorizationCode]: ...

    def expired(self, before: datetime) -> list[AuthorizationCode]:
        """Those that expired before that time, oldest first."""
        ...


class WebSessionRepository(Repository[WebSession], Protocol):
    def of_principal(self, principal_id: str) -> list[WebSession]:
        """Oldest first."""
        ...

    def expired(self, before: datetime) -> list[WebSession]:
        """Those that expired before that time, oldest first."""
        ...


class ExternalIdentityRepository(Repository[ExternalIdentity], Protocol):
    def find_by_subject(self, issuer: str, subject: str) -> ExternalIdentity | None: ...

    def of_principal(self, principal_id: str) -> list[ExternalIdentity]:
        """Oldest first."""
        ...
