"""The tus routes of the import page: the same uploads as those of the REST API, for people with a web session."""

from fastapi import APIRouter, Request

from galeria.actions.core.caller import Caller
from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.interfaces.services import Services
from galeria.interfaces.uploads.stored_uploads import StoredUploads
from galeria.interfaces.uploads.tus import TusSettings, tus_router
from galeria.interfaces.web.kit.visitors import FORM_HEADER, find_visit, require_own_form

UPLOADS = "/import/uploads"


def uploads_router(services: Services) -> APIRouter:
    def caller(http: Request) -> Caller:
        """By the session's cookie and, in a header, the token of its forms: no other page's script can send that."""
        visit = find_visit(services, http)
        if visit.visitor is None:
            raise Unauthenticated(
                Message("Nobody is signed in in this browser any more."),
                hint=Message("Sign in again; what arrived is kept."),
            )
        services.request_limits.admit(http.scope, visit.visitor.caller.principal.id)
        require_own_form(services, http, visit, http.headers.get(FORM_HEADER, ""))
        return visit.visitor.caller

    uploads = StoredUploads(requests=services.requests, files=services.uploads)
    return tus_router(
        TusSettings(
            uploads=uploads,
            caller=caller,
            slots=services.receiving_slots,
            least_rate=services.settings.upload_least_kib_per_second * 1024,
        ),
        prefix=UPLOADS,
    )
