"""The repositories of people and programs, their roles, locks, secrets and sessions: a part of the unit of work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from galeria.domain.locks import Lock
from galeria.domain.people.external_provider import ExternalIdentity
from galeria.domain.people.principals import PersonOutline, Principal, RefreshToken, RoleAssignment
from galeria.domain.people.sign_in import AuthorizationCode, Credential, DeviceCode
from galeria.domain.people.web_sessions import WebSession
from galeria.ports.repository import Repository


class PersonRepository(Repository[Principal], Protocol):
    """The principals (people and programs) and their role assignments."""

    def find_by_name(self, name: str) -> Principal | None:
        """Returns the principal with that sign-in name, in any case, or None."""
        ...

    def all(self) -> list[Principal]:
        """Returns all principals, by name."""
        ...

    def outlines(self) -> list[PersonOutline]:
        """Returns the searchable fields of all principals, by display name."""
        ...

    def some(self, ids: Sequence[str]) -> list[Principal]:
        """Returns the principals with these ids in the given order; those that do not exist are left out."""
        ...

    def assignments(self, principal_id: str) -> list[RoleAssignment]:
        """Returns the role assignments of one principal, by scope, then role."""
        ...

    def assignments_of(self, ids: Sequence[str]) -> list[RoleAssignment]:
        """Returns the role assignments of several principals, by scope, then role."""
        ...

    def all_assignments(self) -> list[RoleAssignment]:
        """Returns all role assignments, by scope, then role, then principal."""
        ...

    def add_assignment(self, assignment: RoleAssignment) -> None:
        """Adds a role assignment."""
        ...

    def remove_assignment(self, assignment: RoleAssignment) -> None:
        """Removes a role assignment at once."""
        ...

    def remove_assignments_below(self, key: str) -> None:
        """Removes the role assignments on the scope with that key and everything below it, at once.

        Called where the scope itself is removed: the next resource of its name begins without anybody's role.
        """
        ...


class RefreshTokenRepository(Repository[RefreshToken], Protocol):
    """The refresh tokens.

    Used ones are kept until they would have expired, because a second use reveals a stolen token.
    """

    def of_family(self, family: str) -> list[RefreshToken]:
        """Returns the tokens of one sign-in, by the time of issue."""
        ...

    def of_principal(self, principal_id: str) -> list[RefreshToken]:
        """Returns the tokens of one principal, by the time of issue."""
        ...

    def expired(self, before: datetime) -> list[RefreshToken]:
        """Returns the tokens that expired before that time, oldest first."""
        ...


class CredentialRepository(Repository[Credential], Protocol):
    """The further secrets of service principals, and the secrets of first-password links."""

    def find_by_hash(self, secret_hash: str) -> Credential | None:
        """Returns the credential whose secret has that fingerprint, or None."""
        ...

    def of_principal(self, principal_id: str) -> list[Credential]:
        """Returns the credentials of one principal, oldest first."""
        ...


class DeviceCodeRepository(Repository[DeviceCode], Protocol):
    """The device codes that programs wait with."""

    def find_by_user_code(self, user_code: str) -> DeviceCode | None:
        """Returns the device code by the fingerprint of the code that the person types, or None."""
        ...

    def of_principal(self, principal_id: str) -> list[DeviceCode]:
        """Returns the device codes that one principal has answered."""
        ...

    def expired(self, before: datetime) -> list[DeviceCode]:
        """Returns the device codes that expired before that time, oldest first."""
        ...


class AuthorizationCodeRepository(Repository[AuthorizationCode], Protocol):
    """The authorization codes, used ones included until they are removed."""

    def find_by_family(self, family: str) -> AuthorizationCode | None:
        """Returns the code whose refresh tokens belong to this session, or None where there is none any more."""
        ...

    def of_principal(self, principal_id: str) -> list[AuthorizationCode]:
        """Returns the authorization codes issued for one principal."""
        ...

    def expired(self, before: datetime) -> list[AuthorizationCode]:
        """Returns the authorization codes that expired before that time, oldest first."""
        ...


class WebSessionRepository(Repository[WebSession], Protocol):
    """The browser sessions of signed-in people."""

    def of_principal(self, principal_id: str) -> list[WebSession]:
        """Returns the browser sessions of one principal, oldest first."""
        ...

    def expired(self, before: datetime) -> list[WebSession]:
        """Returns the browser sessions that expired before that time, oldest first."""
        ...


class ExternalIdentityRepository(Repository[ExternalIdentity], Protocol):
    """The links between people here and identities at external providers."""

    def find_by_subject(self, issuer: str, subject: str) -> ExternalIdentity | None:
        """Returns the link of that issuer and subject, or None."""
        ...

    def with_email(self, email: str) -> list[ExternalIdentity]:
        """Returns the identities whose provider has verified the address, which is as `folded_email` gives it."""
        ...

    def of_principal(self, principal_id: str) -> list[ExternalIdentity]:
        """Returns the links of one principal, oldest first."""
        ...


class LockRepository(Repository[Lock], Protocol):
    """The management locks on subscriptions, resource groups and resources."""

    def all(self) -> list[Lock]:
        """Returns all locks, by scope, then name."""
        ...
