"""The tus door of the import page: the same uploads as the REST door's, for whoever is signed in in a browser."""

from fastapi import APIRouter, Request

from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.interfaces.services import Services
from galeria.interfaces.uploads.tus import TusSettings, tus_router
from galeria.interfaces.web.kit.visitors import FORM_HEADER, find_entry, require_own_form

UPLOADS = "/import/uploads"


def uploads_router(services: Services) -> APIRouter:
    def owner(http: Request) -> Principal:
        """By the session's cookie and, in a header, the token of its forms: no other page's script can send that."""
        entry = find_entry(services, http)
        if entry.visitor is None:
            raise Unauthenticated(
                Message("Nobody is signed in in this browser any more."),
                hint=Message("Sign in again; what arrived is kept."),
            )
        require_own_form(services, http, entry, http.headers.get(FORM_HEADER, ""))
        return entry.visitor.caller.principal

    doors = TusSettings(
        database=services.database,
        files=services.uploads,
        id_generator=services.id_generator,
        clock=services.clock,
        who=owner,
    )
    return tus_router(doors, prefix=UPLOADS)
