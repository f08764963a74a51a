"""Actions on sign-in codes, each in a transaction of its own."""

from collections.abc import Callable
from typing import TypeVar

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request_factory import RequestFactory
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

R = TypeVar("R")


class SignInCodes:
    """Runs the actions. It keeps nothing between calls, so that several threads may use it."""

    def __init__(self, requests: RequestFactory) -> None:
        self._requests = requests

    def start_device(self, client_id: str, scope: str) -> DeviceStart:
        return self._retry(lambda request: start_device_sign_in(request, client_id, scope))

    def find_device(self, user_code: str) -> DeviceCode | None:
        with self._requests.anonymous_reading() as request:
            return find_device_sign_in(request, user_code)

    def answer_device(self, user_code: str, principal: Principal | None) -> bool:
        """Record the answer. Returns False where nothing waits for it any more."""
        return self._retry(lambda request: answer_device_sign_in(request, user_code, principal))

    def redeem_device(self, device_code: str, client_id: str) -> RedeemedCode | PendingReason:
        return self._retry(lambda request: redeem_device_code(request, device_code, client_id))

    def authorize(self, principal: Principal, wanted: AuthorizationRequest) -> str:
        return self._retry(lambda request: authorize(request, principal, wanted))

    def redeem(self, code: str, *, client_id: str, redirect_uri: str, challenge: str) -> RedeemedCode | None:
        return self._retry(
            lambda request: redeem_authorization_code(
                request, code, client_id=client_id, redirect_uri=redirect_uri, challenge=challenge
            )
        )

    def _retry(self, action: Callable[[BaseRequest], R]) -> R:
        """Once more where another request was quicker: by then what it did can be seen."""
        try:
            return self._once(action)
        except Conflict:
            return self._once(action)

    def _once(self, action: Callable[[BaseRequest], R]) -> R:
        with self._requests.anonymous_writing() as request:
            return action(request)
