"""The report of a lab's use: how long each student used the machine, in each week."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.rosters.lab_users import USER
from galeria.domain.classes.use_by_week import StudentUse, use_by_week
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.roster import LabUser


@dataclass(frozen=True, kw_only=True)
class UseRow:
    """One student of a report, with what was used. `user` is None for all those together who are not listed any more."""

    user: LabUser | None
    use: StudentUse


@dataclass(frozen=True, kw_only=True)
class UseReport:
    """What was used in a lab since its beginning."""

    lab: Lab
    users: tuple[LabUser, ...]  # by name
    weeks: Mapping[date, Mapping[str, StudentUse]]  # by Monday, the earliest first; in each by the user's id

    def rows(self, week: date | None = None) -> list[UseRow]:
        """Returns everybody on the list, also those who used nothing, in the week or, without one, in all weeks."""
        kept = {each.id: StudentUse() for each in self.users}
        gone = StudentUse()
        for monday, uses in self.weeks.items():
            if week in (None, monday):
                for id, use in uses.items():
                    kept.get(id, gone).add(use)
        rows = [UseRow(user=each, use=kept[each.id]) for each in self.users]
        return [*rows, UseRow(user=None, use=gone)] if gone.total else rows


def total_of(rows: list[UseRow]) -> StudentUse:
    """Returns the sum of the rows."""
    total = StudentUse()
    for row in rows:
        total.add(row.use)
    return total


def get_use_report(request: Request, lab_id: ResourceId, zone: tzinfo) -> UseReport:
    """Returns the lab's report, with weeks as they begin in the time zone. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{USER}/read", lab.key)
    users = sorted(request.uow.lab_users.of_lab(lab.id), key=lambda each: (each.shown_name.lower(), each.id))
    return UseReport(lab=lab, users=tuple(users), weeks=use_by_week(request.uow.usage.of_lab(lab.id), zone))
