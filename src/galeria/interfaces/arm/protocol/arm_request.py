"""The request that every handler receives: the caller, and the services in one transaction at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi import Request as HttpRequest

from galeria.actions.core.caller import Caller
from galeria.actions.core.groups import require_group
from galeria.actions.core.request import Request
from galeria.actions.core.request_factory import NO_ROLE
from galeria.actions.core.resources import require_lasting
from galeria.domain.errors import NotFound, Unauthenticated
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.people.hidden_scopes import missing_subscription
from galeria.interfaces.arm.protocol.etags import require_match
from galeria.interfaces.services import Services

LATEST_API_VERSION = "2026-03-03"
_CHANGES = ("PUT", "PATCH")


@dataclass(frozen=True, kw_only=True)
class ArmRequest:
    """One HTTP request of a caller who is signed in."""

    services: Services
    caller: Caller
    http: HttpRequest

    @property
    def api_version(self) -> str:
        return self.http.query_params.get("api-version", LATEST_API_VERSION)

    @contextmanager
    def reading(self) -> Iterator[Request]:
        """Open a transaction that reads and waits for nobody.

        Raises NotFound for the resource group where even that is missing and the caller would see it.
        """
        with self.services.requests.reading(self.caller) as request, self._checking_group(request):
            yield request

    @contextmanager
    def writing(self) -> Iterator[Request]:
        """Open a transaction that is committed at the end of the block.

        Raises NotFound for the resource group as `reading` does, and Precondition where the caller sent an outdated
        entity tag, and Conflict for a change of what is being deleted, which is then rolled back.
        """
        with self.services.requests.writing(self.caller) as request, self._checking_group(request):
            require_match(request, self.http)
            yield request
            # After the handler, whose own refusals say more, and who has found that the caller may write there.
            if self.http.method in _CHANGES:
                require_lasting(request, self.http.scope["path"])

    def start(self, operation: Operation | None) -> None:
        """Hand an operation to the workers after the commit. Handing over one that runs already changes nothing."""
        if operation is not None:
            self.services.starter.start(operation.id)

    @contextmanager
    def _checking_group(self, request: Request) -> Iterator[None]:
        try:
            yield
        except NotFound as error:
            # The path's own words: a scope, too, may lie in a group.
            parts = self.http.scope["path"].split("/")
            if error.code == NotFound.code and [each.lower() for each in parts[1:4:2]] == [
                "subscriptions",
                "resourcegroups",
            ]:
                group = ResourceId(parts[2], parts[4]) if len(parts) > 4 else None
                if group and request.caller.may_see(group.key):
                    require_group(request, group)
            raise


READ_SUBSCRIPTION = "Microsoft.Resources/subscriptions/read"


async def _arm_request(http: HttpRequest) -> ArmRequest:
    """Return the request. Raises Unauthenticated without a caller, so that a route outside the guarded paths stays closed."""
    caller = getattr(http.state, "caller", None)
    if caller is None:
        raise Unauthenticated(Message("Nobody is signed in."), hint=Message("Sign in with 'az login'."))
    return ArmRequest(services=http.app.state.services, caller=caller, http=http)


# A coroutine only because FastAPI calls coroutines directly, and functions in a thread.
ArmRequestDep = Annotated[ArmRequest, Depends(_arm_request)]


def require_any_role(arm_request: ArmRequest) -> None:
    """Raise NotFound, as ARM does, unless the caller has any role: for what everybody with a role may see."""
    services, caller = arm_request.services, arm_request.caller
    if not caller.assignments:
        scope = f"/subscriptions/{services.subscription_id}"
        services.requests.record_refusal(caller, READ_SUBSCRIPTION, scope, NO_ROLE, address=caller.address)
        raise missing_subscription(services.subscription_id)
