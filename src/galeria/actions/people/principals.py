"""Finding a principal, and the subscription that all of them belong to."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.domain.people.sign_in import CredentialKind, fingerprint

GIVE_ROLES = "Microsoft.Authorization/roleAssignments/write"
TAKE_ROLES = "Microsoft.Authorization/roleAssignments/delete"
SEE_ROLES = "Microsoft.Authorization/roleAssignments/read"


def find_principal(request: BaseRequest, who: str) -> Principal | None:
    """Returns the principal with that object id, or else with that name in any case; None where there is none."""
    return request.uow.people.find(who.lower()) or request.uow.people.find_by_name(who)


def find_enabled(request: BaseRequest, id: str) -> Principal | None:
    """Returns the principal with that object id, or None where there is none or it is disabled."""
    principal = request.uow.people.find(id)
    return principal if principal is not None and principal.enabled else None


def find_by_credential(request: BaseRequest, secret: str, kind: CredentialKind) -> Principal | None:
    """Returns the enabled principal whose valid credential of that kind has this secret, or None."""
    found = request.uow.credentials.find_by_hash(fingerprint(secret))
    if found is None or found.kind is not kind or not found.is_valid(request.clock.now()):
        return None
    return find_enabled(request, found.principal_id)


def get_principal(request: BaseRequest, who: str) -> Principal:
    """Returns a principal by object id, or by name in any case. Raises NotFound."""
    principal = find_principal(request, who)
    if principal is None:
        raise NotFound(
            Message("There is no user or service principal '{who}'.", who=who),
            hint=Message("Look at the list of people for the exact name or object id."),
            code="PrincipalNotFound",
        )
    return principal


def get_own_or_permitted(request: Request, who: str, action: str) -> Principal:
    """Returns the principal with that object id or name, if it is the caller's own or the caller may do `action`.

    The text is resolved first and ids are compared: names are chosen by people, and one may look like another's id. Who may
    not do the action learns nothing of whether a principal exists. Raises Forbidden, NotFound.
    """
    found = find_principal(request, who)
    if found is None or found.id != request.caller.principal.id:
        request.caller.require(action, subscription_scope(request))
    return found or get_principal(request, who)


def subscription_scope(request: BaseRequest) -> str:
    """Returns the key of the installation's one subscription. Raises Conflict before the first start has created it."""
    for subscription in request.uow.subscriptions():
        return f"/subscriptions/{subscription.id}".lower()
    raise Conflict(
        Message("This installation is not founded yet."),
        hint=Message("Start the server once; it makes what is missing."),
    )
