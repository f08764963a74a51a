"""Entity tags: a caller that sends back the tag it has seen does not overwrite what somebody else wrote since.

Azure's galleries have none, so clients that send nothing are never refused. Rules: ARM's resource contract on If-Match and
If-None-Match; a DELETE of what is not there succeeds whatever was sent.
"""

import hashlib
from typing import Any

from fastapi import Request as HttpRequest

from galeria.actions.core.request import Request
from galeria.actions.core.resources import find_resource
from galeria.domain.errors import Invalid, Precondition
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.resources import Resource
from galeria.interfaces.arm.protocol.envelope import when


def etag_headers(body: Any) -> dict[str, str]:
    """The tag of a resource's view, by the moment of its last change."""
    written = body.get("systemData") if isinstance(body, dict) else None
    moment = written.get("lastModifiedAt") if isinstance(written, dict) else None
    return {"ETag": _tag(moment)} if isinstance(moment, str) else {}


def require_match(request: Request, http: HttpRequest) -> None:
    """Raises Precondition where the caller's copy of the path's resource is out of date."""
    wanted, unwanted = http.headers.get("if-match"), http.headers.get("if-none-match")
    if wanted is None and unwanted is None:
        return
    found = _find(request, http.scope["path"])
    if found is None:
        if wanted is not None and http.method != "DELETE":
            raise _outdated(Message("The resource does not exist."))
        return
    tag = _tag(when(found.modified_at) or "")
    if wanted is not None and wanted.strip() != "*" and tag not in _tags(wanted):
        raise _outdated(Message("The resource was changed since it was read."))
    if unwanted is not None and (unwanted.strip() == "*" or tag in _tags(unwanted)):
        raise _outdated(Message("The resource exists already."))


def _find(request: Request, path: str) -> Resource | None:
    """What the caller may not read does not exist for them."""
    try:
        id = ResourceId.parse(path)
    except Invalid:
        return None
    readable = request.caller.may(f"{id.type or 'Microsoft.Resources/subscriptions/resourceGroups'}/read", id.key)
    return find_resource(request.uow, id) if readable else None


def _tag(moment: str) -> str:
    return f'"{hashlib.sha256(moment.encode()).hexdigest()[:16]}"'


def _tags(header: str) -> list[str]:
    return [part.strip().removeprefix("W/") for part in header.split(",")]


def _outdated(message: Message) -> Precondition:
    return Precondition(message, hint=Message("Read it again, apply the change to that, and send its ETag."))
