"""Finding a principal, and the subscription that all of them belong to."""

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.people.principals import Principal

GIVE_ROLES = "Microsoft.Authorization/roleAssignments/write"
TAKE_ROLES = "Microsoft.Authorization/roleAssignments/delete"
SEE_ROLES = "Microsoft.Authorization/roleAssignments/read"


def get_principal(request: BaseRequest, who: str) -> Principal:
    """Returns a principal by object id, or by name in any case. Raises NotFound."""
    principal = request.uow.people.find(who.lower()) or request.uow.people.find_by_name(who)
    if principal is None:
        raise NotFound(
            f"There is no user or service principal '{who}'.",
            hint="Look at the list of people for the exact name or object id.",
            code="PrincipalNotFound",
        )
    return principal


def subscription_scope(request: BaseRequest) -> str:
    """Returns the key of the installation's one subscription. Raises Conflict before the first start has created it."""
    for subscription in request.uow.subscriptions():
        return f"/subscriptions/{subscription.id}".lower()
    raise Conflict("This installation is not founded yet.", hint="Start the server once; it makes what is missing.")
