"""The first start of an installation creates a subscription, a resource group, and two Owners: a person and a program."""

from dataclasses import dataclass, field

from galeria.actions.people.first_password_links import keep_password_link
from galeria.domain.ids import ResourceId
from galeria.domain.operations import AuditEvent
from galeria.domain.people.principals import Principal, PrincipalKind, RoleAssignment
from galeria.domain.resources import ResourceGroup, Subscription
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator, SecretHasher

FIRST_GROUP = "galeria"
# The name in place of a principal's for what was created without anybody signed in.
INSTALLATION = "installation"


@dataclass(frozen=True, kw_only=True)
class FirstSecrets:
    """The names and secrets that the first two Owners sign in with. Only the hashes reach the database."""

    user_name: str = "admin"
    password: str = field(repr=False)
    client_id: str  # a GUID
    client_secret: str = field(repr=False)
    welcome: str = field(default="", repr=False)  # of the link with which the person chooses another password


def is_started(uow: UnitOfWork, subscription_id: str) -> bool:
    """Tells whether the subscription exists, so that the first start is done."""
    return any(subscription.id == subscription_id for subscription in uow.subscriptions())


def create_first_start(
    uow: UnitOfWork,
    secrets: SecretHasher,
    clock: Clock,
    id_generator: IdGenerator,
    subscription_id: str,
    first: FirstSecrets,
    *,
    location: str,
) -> None:
    """Creates what the first start needs; may be repeated and then changes nothing, even if some of it was deleted since.

    `location` is the region of the resource group `galeria`. The caller commits.
    """
    if is_started(uow, subscription_id):
        return
    uow.add_subscription(Subscription(id=subscription_id, display_name="Galeria"))
    uow.flush()  # The group refers to the subscription's row, an assignment to its principal's.
    scope = f"/subscriptions/{subscription_id}".lower()
    uow.groups.add(_first_group(subscription_id, location, clock, id_generator))
    people = (
        (PrincipalKind.USER, first.user_name, "Administrator", first.password),
        (PrincipalKind.SERVICE_PRINCIPAL, first.client_id, "Galeria bootstrap", first.client_secret),
    )
    for kind, name, display_name, secret in people:
        principal = Principal(
            id=id_generator.new_guid(),
            kind=kind,
            name=name,
            display_name=display_name,
            secret_hash=secrets.hash(secret),
            created_at=clock.now(),
        )
        uow.people.add(principal)
        uow.flush()
        uow.people.add_assignment(
            RoleAssignment(
                id=id_generator.new_guid(),
                principal_id=principal.id,
                role="Owner",
                scope=scope,
                created_at=clock.now(),
                created_by=INSTALLATION,
            )
        )
    admin = uow.people.find_by_name(first.user_name)
    if first.welcome and admin:
        keep_password_link(uow, clock, id_generator, admin, first.welcome)
    uow.audit.add(_founding_event(scope, clock, id_generator))
    uow.flush()


def _first_group(subscription_id: str, location: str, clock: Clock, id_generator: IdGenerator) -> ResourceGroup:
    name = ResourceId(subscription_id, FIRST_GROUP)
    now = clock.now()
    return ResourceGroup(
        id=id_generator.new_id(),
        resource_id=str(name),
        key=name.key,
        location=location,
        created_at=now,
        created_by=INSTALLATION,
        modified_at=now,
        modified_by=INSTALLATION,
        subscription_id=subscription_id,
    )


def _founding_event(scope: str, clock: Clock, id_generator: IdGenerator) -> AuditEvent:
    return AuditEvent(
        id=id_generator.new_id(),
        at=clock.now(),
        principal_id=INSTALLATION,
        principal_name=INSTALLATION,
        action="Microsoft.Subscription/subscriptions/write",
        scope=scope,
        status="Succeeded",
    )
