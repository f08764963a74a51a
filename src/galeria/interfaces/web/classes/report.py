"""The report of a lab's use, by student and week, as a page and as a CSV file."""

from datetime import date
from typing import Final

from fastapi import APIRouter, Response

from galeria.actions.classes.use_report import UseReport, UseRow, get_use_report, total_of
from galeria.actions.core.paging import ROWS, ListPage, page_within
from galeria.domain.classes.use_by_week import week_of
from galeria.interfaces.web.classes.csv_files import csv_file
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.labs.labs import LABS, lab_id

REPORT = f"{LABS}/{{group}}/{{name}}/report"
ALL_WEEKS: Final = "all"


def report_router() -> APIRouter:
    router = page_router()
    router.add_api_route(REPORT, show_report, methods=["GET"], name="web_lab_report")
    router.add_api_route(f"{REPORT}.csv", download_report, methods=["GET"], name="web_lab_report_csv")
    return router


def show_report(page: PageRequestDep, group: str, name: str) -> Response:
    with page.reading() as request:
        report = get_use_report(request, lab_id(page, group, name), page.zone)
    this_week = week_of(page.services.clock.now(), page.zone)
    weeks = sorted({*report.weeks, this_week}, reverse=True)
    week = _chosen(page, weeks)
    rows = report.rows(week)
    number = page_within(page_number(page), len(rows), ROWS)
    return page.show(
        "lab_report.html",
        lab=report.lab,
        found=ListPage[UseRow](rows=rows[(number - 1) * ROWS : number * ROWS], count=len(rows), page=number),
        total=total_of(rows),
        weeks=weeks,
        week=week,
        all_weeks=ALL_WEEKS,
        zone=str(page.zone),
    )


def download_report(page: PageRequestDep, group: str, name: str) -> Response:
    """Return a line for each student and each week in which the lab was used at all, in whole minutes."""
    with page.reading() as request:
        report = get_use_report(request, lab_id(page, group, name), page.zone)
    head = [
        page.gettext("Week from"),
        page.gettext("Person"),
        page.gettext("E-mail"),
        page.gettext("Own hours (minutes)"),
        page.gettext("In class (minutes)"),
        page.gettext("Started by an educator (minutes)"),
        page.gettext("Total (minutes)"),
    ]
    return Response(
        csv_file(head, _lines(page, report), page.language),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{report.lab.name}.csv"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _lines(page: PageRequest, report: UseReport) -> list[list[str | int]]:
    return [
        [
            week.isoformat(),
            row.user.shown_name if row.user else page.gettext("People removed from the list"),
            row.user.email if row.user else "",
            *(seconds // 60 for seconds in (row.use.own, row.use.in_class, row.use.by_educator, row.use.total)),
        ]
        for week in report.weeks
        for row in report.rows(week)
    ]


def _chosen(page: PageRequest, weeks: list[date]) -> date | None:
    """Return the week of the address: the present one where it names none that is there, None for all of them."""
    asked = page.query("week")
    if asked == ALL_WEEKS:
        return None
    return next((each for each in weeks if each.isoformat() == asked), weeks[0])
