"""The first start of an installation creates a subscription, a resource group, and two Owners: a person and a program."""

from dataclasses import dataclass, field

from galeria.actions.core.audit import INSTALLATION, record_own_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.people.first_password_links import add_password_link
from galeria.domain.ids import ResourceId
from galeria.domain.people.principals import Principal, PrincipalKind, RoleAssignment
from galeria.domain.resources import ResourceGroup, Subscription
from galeria.ports.work import SecretHasher

FIRST_GROUP = "galeria"


@dataclass(frozen=True, kw_only=True)
class FirstSecrets:
    """The names and secrets that the first two Owners sign in with. Only the hashes reach the database."""

    user_name: str = "admin"
    password: str = field(repr=False)
    client_id: str  # a GUID
    client_secret: str = field(repr=False)
    welcome: str = field(default="", repr=False)  # of the link with which the person chooses another password


def is_started(request: BaseRequest, subscription_id: str) -> bool:
    """Tells whether the subscription exists, so that the first start is done."""
    return any(subscription.id == subscription_id for subscription in request.uow.subscriptions())


def create_first_start(
    request: BaseRequest, subscription_id: str, first: FirstSecrets, secrets: SecretHasher, *, location: str
) -> None:
    """Creates what the first start needs; may be repeated and then changes nothing, even if some of it was deleted since.

    `location` is the region of the resource group `galeria`. The caller commits.
    """
    if is_started(request, subscription_id):
        return
    request.uow.add_subscription(Subscription(id=subscription_id, display_name="Galeria"))
    request.uow.flush()  # The group refers to the subscription's row, an assignment to its principal's.
    scope = f"/subscriptions/{subscription_id}".lower()
    request.uow.groups.add(_first_group(request, subscription_id, location))
    people = (
        (PrincipalKind.USER, first.user_name, "Administrator", first.password),
        (PrincipalKind.SERVICE_PRINCIPAL, first.client_id, "Galeria bootstrap", first.client_secret),
    )
    for kind, name, display_name, secret in people:
        principal = Principal(
            id=request.id_generator.new_guid(),
            kind=kind,
            name=name,
            display_name=display_name,
            secret_hash=secrets.hash(secret),
            created_at=request.clock.now(),
        )
        request.uow.people.add(principal)
        request.uow.flush()
        request.uow.people.add_assignment(
            RoleAssignment(
                id=request.id_generator.new_guid(),
                principal_id=principal.id,
                role="Owner",
                scope=scope,
                created_at=request.clock.now(),
                created_by=INSTALLATION,
            )
        )
    admin = request.uow.people.find_by_name(first.user_name)
    if first.welcome and admin:
        add_password_link(request, admin, first.welcome)
    record_own_audit(request, "Microsoft.Subscription/subscriptions/write", scope)
    request.uow.flush()


def _first_group(request: BaseRequest, subscription_id: str, location: str) -> ResourceGroup:
    name = ResourceId(subscription_id, FIRST_GROUP)
    now = request.clock.now()
    return ResourceGroup(
        id=request.id_generator.new_id(),
        resource_id=str(name),
        key=name.key,
        location=location,
        created_at=now,
        created_by=INSTALLATION,
        modified_at=now,
        modified_by=INSTALLATION,
        subscription_id=subscription_id,
    )
