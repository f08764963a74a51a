"""Request bodies of people, programs and role assignments."""

from typing import Annotated

from pydantic import Field, SecretStr

from galeria.domain.people.principals import PrincipalKind
from galeria.interfaces.arm.protocol.wire_types import Wire, Word, any_case


class PersonBody(Wire):
    """A new person or program. Without a password one is generated and answered once; that of a program is always generated."""

    name: Word | None = None
    display_name: Word | None = None
    password: SecretStr | None = None
    kind: Annotated[PrincipalKind, any_case(PrincipalKind)] = PrincipalKind.USER


class SecretBody(Wire):
    """A new password or secret. Without `new` one is generated and answered once; `old` is checked where it is given."""

    old: SecretStr | None = None
    new: SecretStr | None = None


class AssignmentProperties(Wire):
    role_definition_id: Annotated[str, Field(max_length=2048)]
    principal_id: Word


class AssignmentBody(Wire):
    properties: AssignmentProperties
