"""People choose their names, and nobody chooses an id: whoever is called like another's id has no right to the other's things.

Such names are refused; the rows here are as an earlier version, or a provider, may have left them.
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import pytest

from galeria.actions import people as package
from galeria.actions.core.request import Request
from galeria.actions.people.enrolment import PasswordDelivery
from galeria.actions.people.people import create_person
from galeria.domain.errors import Forbidden, GaleriaError, Invalid, NotFound
from galeria.domain.people.principals import Principal
from tests.identity_context import IdentityContext

Action = Callable[..., Any]
VALUES: dict[str, Any] = {
    "password": "Another-password-2",
    "role": "Owner",
    "id": "x" * 32,
    "issuer": "https://idp.example.org",
    "subject": "somebody",
    "way": PasswordDelivery.TYPED,
}


def actions() -> Iterator[Action]:
    """Every action that somebody is named to by a text."""
    for each in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{each.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            takes = inspect.signature(function).parameters
            is_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_own and "who" in takes and takes["request"].annotation in (Request, "Request"):
                yield function


def call(action: Action, request: Request, who: str, context: IdentityContext) -> Any:
    known = VALUES | {"request": request, "who": who, "secrets": context.secrets, "scope": context.scope}
    known["action"] = "Galeria.Identity/principals/write"
    needed = [each for each in inspect.signature(action).parameters.values() if each.default is each.empty]
    return action(**{each.name: known[each.name] for each in needed})


def named_like(context: IdentityContext, spelled: Callable[[str], str]) -> tuple[str, str]:
    """The id of the victim, and a name of somebody else that is that id."""
    with context.requests.writing(context.caller("admin")) as request:
        victim, _ = create_person(request, "victim", "Victim", "Victims-password-1", context.secrets)
        thief, _ = create_person(request, "thief", "Thief", "Thiefs-password-1", context.secrets)
        thief.name = spelled(victim.id)
    return victim.id, thief.name


def everything_of(context: IdentityContext, id: str) -> dict[str, Any]:
    with context.database(reading=True) as uow:
        person: Principal = uow.people.get(id)
        rows: list[Sequence[object]] = [
            uow.credentials.of_principal(id),
            uow.external_identities.of_principal(id),
            uow.people.assignments(id),
        ]
        return {
            **{name: value for name, value in vars(person).items() if not name.startswith("_")},
            "rows": [[str(vars(each)) for each in some] for some in rows],
        }


def test_all_of_them_are_tried() -> None:
    names = {each.__name__ for each in actions()}
    assert {"set_password", "add_secret", "revoke", "disable", "enable", "take_role", "unlink_identity"} <= names


@pytest.mark.parametrize("spelled", [str, str.upper], ids=["as it is", "in capitals"])
@pytest.mark.parametrize("action", list(actions()), ids=lambda each: each.__name__)
def test_a_name_like_anothers_id_gives_nothing_of_theirs(
    context: IdentityContext, action: Action, spelled: Callable[[str], str]
) -> None:
    victim, name = named_like(context, spelled)
    before, thief = everything_of(context, victim), context.caller(name)
    with pytest.raises((Forbidden, NotFound)), context.requests.writing(thief) as request:
        call(action, request, name, context)
    assert everything_of(context, victim) == before


@pytest.mark.parametrize(
    "name",
    [
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "0F8FAD5B-D9CB-469F-A165-70867728950E",
        "0f8fad5bd9cb469fa16570867728950e",
    ],
)
def test_nobody_gets_such_a_name(context: IdentityContext, name: str) -> None:
    with pytest.raises(GaleriaError) as refused, context.requests.writing(context.caller("admin")) as request:
        create_person(request, name, "Somebody", "Somebodys-password-1", context.secrets)
    assert isinstance(refused.value, Invalid)
