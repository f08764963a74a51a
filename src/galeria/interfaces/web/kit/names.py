"""The names of people on pages."""

from galeria.actions.core.request import Request


def shown_name(request: Request, name: str) -> str:
    """Return the display name for a sign-in name or client id; that itself where the person or program was deleted."""
    found = request.uow.people.find_by_name(name) if name else None
    return found.display_name if found else name
