"""What every handler gets: who is asking, and the inside, in one transaction at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi import Request as HttpRequest

from galeria.actions.core.caller import Caller
from galeria.actions.core.groups import require_group
from galeria.actions.core.request import Request
from galeria.domain.errors import NotFound, Unauthenticated
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.interfaces.arm.protocol.etags import require_match
from galeria.interfaces.services import Services

LATEST_API_VERSION = "2026-03-03"


@dataclass(frozen=True, kw_only=True)
class ArmRequest:
    """One HTTP request on its way through."""

    services: Services
    caller: Caller
    http: HttpRequest

    @property
    def api_version(self) -> str:
        return self.http.query_params.get("api-version", LATEST_API_VERSION)

    @contextmanager
    def reading(self) -> Iterator[Request]:
        """Changes nothing and waits for nobody. Raises NotFound for the resource group where even that is missing."""
        with self.services.reading(self.caller) as request, self._group_told_first(request):
            yield request

    @contextmanager
    def writing(self) -> Iterator[Request]:
        """Committed when the block ends well. Raises NotFound for the resource group where even that is missing."""
        with self.services.request(self.caller) as request, self._group_told_first(request):
            require_match(request, self.http)
            yield request

    def start(self, operation: Operation | None) -> None:
        """Hand an operation to the workers, after the commit. One that was joined is handed over again: that is safe."""
        if operation is not None:
            self.services.starter.start(operation.id)

    @contextmanager
    def _group_told_first(self, request: Request) -> Iterator[None]:
        try:
            yield
        except NotFound as error:
            names = self.http.path_params
            if error.code == NotFound.code and "subscription" in names and "group" in names:
                require_group(request, ResourceId(names["subscription"], names["group"]))
            raise


async def _door(http: HttpRequest) -> ArmRequest:
    """Raises Unauthenticated where nobody was let in: a route outside the guarded paths stays shut."""
    caller = getattr(http.state, "caller", None)
    if caller is None:
        raise Unauthenticated(Message("Nobody is signed in."), hint=Message("Sign in with 'az login'."))
    return ArmRequest(services=http.app.state.services, caller=caller, http=http)


# A coroutine only because FastAPI runs these at once, not in a thread.
ArmRequestDep = Annotated[ArmRequest, Depends(_door)]


def require_any_role(arm_request: ArmRequest) -> None:
    """For what everybody may see who has a role anywhere here: the catalogue, the regions. Raises NotFound, as ARM does."""
    if not arm_request.caller.assignments:
        raise NotFound(
            Message(
                "The subscription '{subscription_id}' could not be found.",
                subscription_id=arm_request.services.subscription_id,
            ),
            hint=Message("You have no role in it yet: ask an Owner for one."),
            code="SubscriptionNotFound",
        )
