"""The page of the activity log: who did what to which resource, and when."""

import re
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from galeria.actions.core.activity import READ, Activity, search_activity
from galeria.actions.core.audit import INSTALLATION
from galeria.domain.audit import AuditSearch
from galeria.domain.errors import Forbidden, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message, Word
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import url_of

FILTERS = ("person", "action", "resource", "since", "until", "correlation", "status")
YEARS = range(1970, 9999)  # years that databases and all time zones can represent
_ID = re.compile(r"/subscriptions/[^\s,]+")


def activity_router() -> APIRouter:
    router = page_router()
    router.add_api_route("/activity", show_activity, methods=["GET"], name="web_activity")
    return router


def show_activity(page: PageRequestDep) -> Response:
    said = {name: page.query(name).strip() for name in FILTERS}
    days, wrong = _days(page, said)
    search = AuditSearch(
        person=said["person"],
        action=said["action"],
        resource=said["resource"],
        since=days.get("since"),
        until=days["until"] + timedelta(days=1) if "until" in days else None,
        correlation_id=said["correlation"],
        status=said["status"],
    )
    whole = page.subscription.lower()
    try:
        with page.reading() as request:
            found = search_activity(request, whole, search, page=page_number(page))
    except Forbidden:  # beyond the request, so that the refusal is recorded
        with page.reading() as request:
            return page.show("activity_none.html", status=403, ask=permit(request, READ, whole))
    query = {name: value for name, value in said.items() if value}
    return page.show(
        "activity.html",
        status=400 if wrong else 200,
        found=found,
        said=said,
        query=query,
        wrong=wrong,
        shared=_shared(found),
        name_of=lambda scope: _name(scope, found),
        place=lambda scope: url_of(str(found.things[scope])) if scope in found.things else "",
        word=Word,
        installation=INSTALLATION,
        brief=lambda detail: detail.with_texts(lambda text: _ID.sub(lambda id: _name(id[0], found), text)),
        with_query=lambda **more: "?" + urlencode({**query, **more}),
    )


def _days(page: PageRequest, said: dict[str, str]) -> tuple[dict[str, datetime], dict[str, str]]:
    """Return the moments of the filter in the person's time zone, and by field the texts that are no date."""
    days: dict[str, datetime] = {}
    wrong: dict[str, str] = {}
    for name in ("since", "until"):
        try:
            if said[name]:
                days[name] = _day(page, said[name])
        except Invalid as error:
            wrong[name] = page.error_text(error)
    return days, wrong


def _day(page: PageRequest, text: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=page.zone)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise Invalid(
            Message("'{text}' is not a day.", text=text),
            hint=Message("Write it as year-month-day, such as 2026-11-23."),
        )
    return day


def _shared(found: Activity) -> set[str]:
    """Return the ids of requests that caused several events."""
    counts = Counter(each.correlation_id for each in found.events if each.correlation_id)
    return {id for id, count in counts.items() if count > 1}


def _name(scope: str, found: Activity) -> str:
    """Return the end of an id that people recognise, such as algebra / template; "" for the whole installation."""
    try:
        id = ResourceId.parse(scope)
    except Invalid:
        return ""
    thing = found.things.get(scope)
    names = thing.segments[1::2] if thing else ()
    return " / ".join(names + id.segments[1::2][len(names) :]) or id.name
