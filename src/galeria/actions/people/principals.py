"""Finding principals, and the one scope that all of them belong to."""

from galeria.domain.errors import Conflict, NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.ports.database import UnitOfWork

GIVE_ROLES = "Microsoft.Authorization/roleAssignments/write"
TAKE_ROLES = "Microsoft.Authorization/roleAssignments/delete"
SEE_ROLES = "Microsoft.Authorization/roleAssignments/read"


def get_principal(uow: UnitOfWork, who: str) -> Principal:
    """By object id, or by name in any case. Raises NotFound."""
    principal = uow.people.find(who.lower()) or uow.people.find_by_name(who)
    if principal is None:
        raise NotFound(
            Message("There is no user or service principal '{who}'.", who=who),
            hint=Message("Look at the list of people for the exact name or object id."),
            code="PrincipalNotFound",
        )
    return principal


def subscription_scope(uow: UnitOfWork) -> str:
    """The key of the installation's one subscription. Raises Conflict before the first start has made it."""
    for subscription in uow.subscriptions():
        return f"/subscriptions/{subscription.id}".lower()
    raise Conflict(
        Message("This installation is not founded yet."),
        hint=Message("Start the server once; it makes what is missing."),
    )
