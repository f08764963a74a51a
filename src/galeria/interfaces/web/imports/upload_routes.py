"""The tus routes of the import page: the same uploads as those of the REST API, for people with a web session."""

from fastapi import APIRouter, Request

from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import Principal
from galeria.interfaces.services import Services
from galeria.interfaces.uploads.tus import TusSettings, tus_router
from galeria.interfaces.web.kit.visitors import FORM_HEADER, find_entry, require_own_form

UPLOADS = "/import/uploads"


def uploads_router(services: Services) -> APIRouter:
    def owner(http: Request) -> Principal:
        """Return the caller by the session's cookie and a form token in a header, which no script of another site can send."""
        entry = find_entry(services, http)
        if entry.visitor is None:
            raise Unauthenticated(
                "Nobody is signed in in this browser any more.", hint="Sign in again; what arrived is kept."
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
