"""The settings of a lab's classes: students' hours, the lead time, and when unused machines are shut down."""

from dataclasses import dataclass, fields

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB, LabSettings, update_lab
from galeria.actions.labs.labs import get_lab
from galeria.domain.classes.settings import START_LEAD, WEEKLY_REFILL, find_refill, start_lead
from galeria.domain.classes.shutdown import shutdown_rules
from galeria.domain.durations import parse_duration, show_duration
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.profiles import Profiles
from galeria.interfaces.web.kit.forms import hours_field, typed_hours
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import mark_of, require_same
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_form import SHUTDOWNS
from galeria.interfaces.web.labs.labs import LABS, lab_id

SETTINGS = f"{LABS}/{{group}}/{{name}}/settings"
BUSY, ABSENT = "LowUsage", "UserAbsence"


@dataclass(frozen=True, kw_only=True)
class ClassSettings:
    """The settings as texts of the form. An empty delay switches a rule off, an empty day the refill."""

    hours: str  # whole hours, or an ISO 8601 duration
    refill: str  # a day of the week
    zone: str  # of that day
    lead: str  # minutes
    left: str  # delays are ISO 8601 durations
    never: str
    idle: str
    idle_kind: str  # what counts as use

    @classmethod
    def of_lab(cls, lab: Lab, zone: str) -> "ClassSettings":
        """Return those of the lab; `zone` is proposed where it has none."""
        rules, refill = shutdown_rules(lab.profiles), find_refill(lab.profiles)
        delays = (rules.after_leaving, rules.when_not_connected, rules.when_idle)
        left, never, idle = ("" if each is None else show_duration(int(each.total_seconds())) for each in delays)
        return cls(
            hours=hours_field(lab.usage_quota),
            refill=refill.week_day.value if refill else "",
            zone=refill.zone if refill else zone,
            lead=str(int(start_lead(lab.profiles).total_seconds()) // 60),
            left=left,
            never=never,
            idle=idle,
            idle_kind=BUSY if rules.is_busy_in_use else ABSENT,
        )

    @classmethod
    def of_form(cls, page: PageRequest) -> "ClassSettings":
        """Return what was sent. Raises Invalid for minutes that are no number."""
        page.form.number("lead")
        return cls(**{each.name: page.form.text(each.name) for each in fields(cls)})

    @property
    def wanted(self) -> LabSettings:
        """What the action is told. It says what is wrong with it."""
        shutdown: Profiles = {
            "shutdownOnDisconnect": "Enabled" if self.left else "Disabled",
            "disconnectDelay": self.left or None,
            "shutdownWhenNotConnected": "Enabled" if self.never else "Disabled",
            "noConnectDelay": self.never or None,
            "shutdownOnIdle": (BUSY if self.idle_kind == BUSY else ABSENT) if self.idle else "None",
            "idleDelay": self.idle or None,
        }
        return LabSettings(
            usage_quota=typed_hours(self.hours),
            profiles={
                START_LEAD: f"PT{self.lead}M",
                WEEKLY_REFILL: {"weekDay": self.refill, "timeZoneId": self.zone} if self.refill else None,
                "autoShutdownProfile": shutdown,
            },
        )


def settings_router() -> APIRouter:
    router = page_router()
    router.add_api_route(SETTINGS, show_settings, methods=["GET"], name="web_lab_settings")
    router.add_api_route(SETTINGS, save, methods=["POST"], name="web_lab_settings_save")
    return router


def show_settings(page: PageRequestDep, group: str, name: str) -> Response:
    with page.reading() as request:
        return _show(page, request, lab_id(page, group, name))


def save(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(f"{LAB}/write", id.key)
    profile = "properties.autoShutdownProfile"
    names = {
        "properties.virtualMachineProfile.usageQuota": "hours",
        f"properties.galeria.{START_LEAD}": "lead",
        f"properties.galeria.{WEEKLY_REFILL}.weekDay": "refill",
        f"properties.galeria.{WEEKLY_REFILL}.timeZoneId": "zone",
        f"{profile}.disconnectDelay": "left",
        f"{profile}.noConnectDelay": "never",
        f"{profile}.idleDelay": "idle",
    }
    with form.checking(**names):
        with page.writing() as request:
            require_same(form, ClassSettings.of_lab(get_lab(request, id), ""))
            update_lab(request, id, ClassSettings.of_form(page).wanted, page.services.secrets)
        return page.go(lab_url(id, "settings"), notice=page.gettext("The settings were saved."))
    with page.reading() as request:
        return _show(page, request, id, status=400)


def _show(page: PageRequest, request: Request, id: ResourceId, *, status: int = 200) -> Response:
    lab = get_lab(request, id)
    now = ClassSettings.of_lab(lab, str(page.zone))
    return page.show(
        "lab_settings.html",
        status=status,
        lab=lab,
        form=page.form,
        now=now,
        mark=mark_of(ClassSettings.of_lab(lab, "")),
        delays=sorted({*SHUTDOWNS, now.left, now.never, now.idle} - {""}, key=_seconds),
        seconds_of=_seconds,
        write=permit(request, f"{LAB}/write", lab.key),
    )


def _seconds(duration: str) -> int:
    return parse_duration(duration, "")
