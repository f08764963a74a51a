"""Actions on sign-in codes, each in a transaction of its own."""

from collections.abc import Callable
from typing import TypeVar

from galeria.actions.people.sign_in_codes import (
    AuthorizationRequest,
    DeviceStart,
    PendingReason,
    RedeemedCode,
    answer_device_sign_in,
    authorize,
    find_device_sign_in,
    redeem_authorization_code,
    redeem_device_code,
    start_device_sign_in,
)
from galeria.domain.errors import Conflict
from galeria.domain.people.principals import Principal
from galeria.domain.people.sign_in import DeviceCode
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.work import Clock, IdGenerator

R = TypeVar("R")


class SignInCodes:
    """Runs the actions. It keeps nothing between calls, so that several threads may use it."""

    def __init__(self, database: Database, clock: Clock, id_generator: IdGenerator) -> None:
        self._database = database
        self._clock = clock
        self._dice = id_generator

    def start_device(self, client_id: str, scope: str) -> DeviceStart:
        return self._twice(lambda uow: start_device_sign_in(uow, self._clock, self._dice, client_id, scope))

    def find_device(self, user_code: str) -> DeviceCode | None:
        with self._database(reading=True) as uow:
            return find_device_sign_in(uow, self._clock, user_code)

    def answer_device(self, user_code: str, principal: Principal | None) -> bool:
        """Record the answer. Returns False where nothing waits for it any more."""
        return self._twice(lambda uow: answer_device_sign_in(uow, self._clock, user_code, principal))

    def redeem_device(self, device_code: str, client_id: str) -> RedeemedCode | PendingReason:
        return self._twice(lambda uow: redeem_device_code(uow, self._clock, device_code, client_id))

    def authorize(self, principal: Principal, read_authorization_request: AuthorizationRequest) -> str:
        return self._twice(lambda uow: authorize(uow, self._clock, self._dice, principal, read_authorization_request))

    def redeem(self, code: str, *, client_id: str, redirect_uri: str, challenge: str) -> RedeemedCode | None:
        return self._twice(
            lambda uow: redeem_authorization_code(
                uow, self._clock, code, client_id=client_id, redirect_uri=redirect_uri, challenge=challenge
            )
        )

    def _twice(self, do: Callable[[UnitOfWork], R]) -> R:
        """Repeat once where another request was quicker, whose result is visible then."""
        try:
            return self._once(do)
        except Conflict:
            return self._once(do)

    def _once(self, do: Callable[[UnitOfWork], R]) -> R:
        with self._database() as uow:
            result = do(uow)
            uow.commit()
            return result
