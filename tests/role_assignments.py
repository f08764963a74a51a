"""Roles that a test gives to people of an installation, written as rows."""

from galeria.domain.people.principals import RoleAssignment
from tests.local_installation import LocalInstallation


def assign_role(installation: LocalInstallation, who: str, role: str, scope: str) -> None:
    with installation.context.database() as uow:
        person = installation.people[who]
        uow.people.add_assignment(
            RoleAssignment(
                id=f"{who}-{role}",
                principal_id=person.id,
                role=role,
                scope=scope.lower(),
                created_at=installation.context.clock.now(),
                created_by=person.id,
            )
        )
        uow.commit()
