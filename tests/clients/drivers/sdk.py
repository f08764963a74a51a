"""The Python SDKs, called by name: {"client", "call": "galleries.get", "arguments": […], "options": {…}}.

Models become JSON as they are on the wire, lists are read to their end, long operations are waited for.
"""

import logging
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import azure.mgmt.compute
import azure.mgmt.labservices
from azure.core.exceptions import HttpResponseError
from azure.core.polling import LROPoller
from azure.identity import ClientSecretCredential, UsernamePasswordCredential

from tests.clients.drivers.lines import converse
from tests.clients.drivers.strictness import watched

log = logging.getLogger(__name__)

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # the application that people's programs sign in with

Client = Any
Maker = Callable[[dict[str, Any]], Client]


class Clients:
    """One of each kind, made when it is first asked for and kept with its connections."""

    def __init__(self, makers: dict[str, Maker]) -> None:
        self._makers = makers
        self._made: dict[str, Client] = {}

    def get(self, order: dict[str, Any]) -> Client:
        key = repr((order["client"], order["connect"]))
        if key not in self._made:
            self._made[key] = self._makers[order["client"]](order["connect"])
        return self._made[key]


def arm(kind: type) -> Maker:
    """A client of Azure Resource Manager, pointed at another endpoint as for any sovereign cloud."""

    def make(connect: dict[str, Any]) -> Client:
        endpoint = connect["endpoint"]
        return kind(
            _credential(connect),
            connect["subscription_id"],
            base_url=endpoint,
            credential_scopes=[f"{endpoint}/.default"],
        )

    return make


def _credential(connect: dict[str, Any]) -> Any:
    """A person's where a user name is given, else a program's."""
    authority = f"{connect['endpoint']}/adfs"
    if "username" in connect:
        return UsernamePasswordCredential(
            AZURE_CLI, connect["username"], connect["password"], tenant_id=connect["tenant_id"], authority=authority
        )
    return ClientSecretCredential(
        connect["tenant_id"], connect["client_id"], connect["client_secret"], authority=authority
    )


MAKERS: dict[str, Maker] = {
    "compute": arm(azure.mgmt.compute.ComputeManagementClient),
    "labs": arm(azure.mgmt.labservices.ManagedLabsClient),
}


def main(makers: dict[str, Maker]) -> None:
    clients = Clients(makers)

    def answer(order: dict[str, Any]) -> dict[str, Any]:
        client = clients.get(order)
        if "groups" in order:
            return {"operations": _operations(client, order["groups"])}
        getattr(client, order["call"].partition(".")[0])  # Some clients import their operations only now.
        with watched() as faults:
            try:
                return {"result": _call(client, order), "faults": faults}
            except HttpResponseError as error:
                return {"error": _told(error), "faults": faults}
            except Exception:  # The client's own failure is the test's to see; the next call must still be answered.
                log.exception("the client failed")
                return {"failure": traceback.format_exc(), "faults": faults}

    converse(answer)


def _operations(client: Client, groups: list[str]) -> list[str]:
    """Those of the named groups that this generation has, such as "galleries.get"."""
    found = []
    for group in groups:
        operations = getattr(client, group, None)
        names = [name for name in dir(operations) if not name.startswith("_") and name != "models"]
        found += [f"{group}.{name}" for name in names if operations and callable(getattr(operations, name))]
    return found


def _call(client: Client, order: dict[str, Any]) -> Any:
    group, _, name = order["call"].partition(".")
    got = getattr(getattr(client, group), name)(*order["arguments"], **order["options"])
    if isinstance(got, LROPoller):
        got = got.result()
    return _wire(got)


def _wire(got: Any) -> Any:
    """As JSON."""
    if hasattr(got, "as_dict") and not hasattr(got, "_attribute_map"):
        return got.as_dict()
    if hasattr(got, "_attribute_map"):
        return got.serialize(keep_readonly=True)
    if isinstance(got, str | int | float | bool | dict | None):
        return got
    if isinstance(got, Iterable):
        return [_wire(each) for each in got]
    return repr(got)


def _told(error: HttpResponseError) -> dict[str, Any]:
    inner = getattr(error, "error", None)
    return {
        "kind": type(error).__name__,
        "status": error.status_code,
        "code": getattr(inner, "code", None),
        "message": getattr(inner, "message", None) or str(error),
        "target": getattr(inner, "target", None),
    }


if __name__ == "__main__":
    main(MAKERS)
