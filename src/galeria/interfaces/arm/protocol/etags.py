"""Entity tags: a caller that sends back the tag that it has read does not overwrite later changes of others.

Azure's galleries have none, so clients that send nothing are never refused. Rules: RFC 9110 §13.1 on If-Match and
If-None-Match; as in Azure Resource Manager, a DELETE of what does not exist succeeds whatever was sent.
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
    """Return the ETag header of a resource's view, made from the time of its last change."""
    written = body.get("systemData") if isinstance(body, dict) else None
    moment = written.get("lastModifiedAt") if isinstance(written, dict) else None
    return {"ETag": _tag(moment)} if isinstance(moment, str) else {}


def require_match(request: Request, http: HttpRequest) -> None:
    """Raise Precondition where the caller's copy of the path's resource is out of date."""
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
    """Return the resource of the path, None where there is none or the caller may not read it."""
    try:
        id = ResourceId.parse(path)
    except Invalid:
        return None
    readable = request.caller.may(f"{id.type or 'Microsoft.Resources/subscriptions/resourceGroups'}/read", id.key)
    return find_resource(request, id) if readable else None


def _tag(moment: str) -> str:
    return f'"{hashlib.sha256(moment.encode()).hexdigest()[:16]}"'


def _tags(header: str) -> list[str]:
    return [part.strip().removeprefix("W/") for part in header.split(",")]


def _outdated(message: Message) -> Precondition:
    return Precondition(message, hint=Message("Read it again, apply the change to that, and send its ETag."))
