"""The address of one's calendar of classes: made, shown once, ended; and what calendar programs read there."""

from fastapi import APIRouter, Response

from galeria.actions.classes.calendar import end_calendar_address, make_calendar_address, planned_classes
from galeria.interfaces.calendars.feed import calendar_file
from galeria.interfaces.web.kit.page_request import PageRequestDep, PublicPageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.people.my_account import ME

CALENDAR = "/calendar"


def calendar_router() -> APIRouter:
    router = page_router()
    router.add_api_route(f"{ME}/calendar", make, methods=["POST"], name="web_my_calendar")
    router.add_api_route(f"{ME}/calendar/end", end, methods=["POST"], name="web_my_calendar_end")
    router.add_api_route(f"{CALENDAR}/{{secret}}.ics", read, methods=["GET"], name="web_calendar")
    return router


def make(page: PageRequestDep) -> Response:
    with page.writing() as request:
        secret = make_calendar_address(request)
    return page.show("calendar_address.html", address=f"{page.services.endpoint}{CALENDAR}/{secret}.ics", place=ME)


def end(page: PageRequestDep) -> Response:
    with page.writing() as request:
        was_there = end_calendar_address(request)
    notice = page.gettext("The calendar's address was ended.") if was_there else ""
    return page.go(ME, notice=notice)


def read(page: PublicPageRequestDep, secret: str) -> Response:
    """Answer a calendar program, which has no session: its address is what it may read with."""
    with page.services.requests.anonymous_reading() as request:
        planned = planned_classes(request, secret)
        content = calendar_file(planned, name=page.gettext("Classes"))
    headers = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
    return Response(content, media_type="text/calendar", headers=headers)
