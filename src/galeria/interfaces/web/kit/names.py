"""Who did something, as people know them."""

from galeria.actions.core.request import Request


def shown_name(request: Request, name: str) -> str:
    """Of the sign-in name or client id that is kept with what somebody made; as it is where they are gone."""
    found = request.uow.people.find_by_name(name) if name else None
    return found.display_name if found else name
