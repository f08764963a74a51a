"""What somebody is refused stands in the activity log, counted where it is frequent, and never keeps the refusal from them."""

from datetime import UTC, datetime, timedelta

import pytest

from galeria.actions.core.groups import put_group
from galeria.actions.core.refusals import MOST_IN_WINDOW, RefusalCounter
from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.people import create_person
from galeria.actions.people.roles import give_role
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.audit import AuditEvent, AuditSearch
from galeria.domain.errors import Forbidden, NotFound, Unavailable
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.ports.database import UnitOfWork
from tests.identity_context import SUBSCRIPTION, IdentityContext, first_start

NOW = datetime(2026, 11, 30, tzinfo=UTC)
KIND = ("ana", "x/write", "/scope", "192.0.2.1")


@pytest.fixture
def context(database: SqlDatabase) -> IdentityContext:
    made = first_start(database)
    with made.requests.writing(made.caller("admin")) as request:
        create_person(request, "ana", "Ana", "Anas-password-1", made.secrets)
    return made


def refused(context: IdentityContext, requests: RequestFactory, name: str = "lab") -> None:
    """Of a group that she may read; without the role she hears only that there is none, which is an entry as well."""
    with pytest.raises((Forbidden, NotFound)), requests.writing(context.caller("ana")) as request:
        put_group(request, ResourceId(SUBSCRIPTION, name), location="brazilsouth", tags={})


def entries(context: IdentityContext) -> list[AuditEvent]:
    with context.database(reading=True) as uow:
        return uow.audit.search([context.scope.lower()], AuditSearch(status="Failed"), offset=0, limit=1000)


@pytest.mark.parametrize("role", ["", "Reader"])
def test_a_refusal_is_an_entry_and_changes_nothing_else(
    context: IdentityContext, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    if role:
        with context.requests.writing(context.caller("admin")) as request:
            give_role(request, "ana", role, context.scope)
    refused(context, context.requests)
    (entry,) = entries(context)
    assert f"refused to ana from {entry.address or 'here'}: {entry.action} on {context.scope}" in caplog.text
    assert (entry.principal_name, entry.action) == ("ana", "Microsoft.Resources/subscriptions/resourceGroups/write")
    assert entry.scope == f"{context.scope}/resourcegroups/lab".lower()
    assert (entry.correlation_id, entry.detail) == ("a-request", "refused: no role allows it")
    with context.database(reading=True) as uow:
        assert uow.groups.find_by_key(f"{context.scope}/resourcegroups/lab".lower()) is None


def test_refusals_while_reading_are_entries_too(context: IdentityContext) -> None:
    with pytest.raises(NotFound), context.requests.reading(context.caller("ana")) as request:
        request.caller.require(
            "Microsoft.LabServices/labs/read", f"{context.group}/providers/Microsoft.LabServices/labs/x"
        )
    assert [each.action for each in entries(context)] == ["Microsoft.LabServices/labs/read"]


def test_the_same_again_is_counted(context: IdentityContext) -> None:
    requests = context.requests
    for _ in range(25):
        refused(context, requests)
    refused(context, requests, "other")
    assert sorted(each.detail for each in entries(context) if each.scope.endswith("/lab")) == [
        "refused: no role allows it",
        "refused: no role allows it (10 times within a minute)",
    ]
    assert len(entries(context)) == 3
    context.clock.move(seconds=61)
    refused(context, requests)
    assert len(entries(context)) == 4


def test_a_flood_of_different_refusals_does_not_fill_the_log() -> None:
    counter = RefusalCounter()
    told = [counter.count((*KIND[:2], f"/scope/{number}", ""), NOW) for number in range(5000)]
    assert sum(each is not None for each in told) == MOST_IN_WINDOW + 4
    assert [each for each in told[MOST_IN_WINDOW:] if each] == [(("",) * 4, 10**power) for power in range(4)]
    assert counter.count(KIND, NOW + timedelta(minutes=1)) == (KIND, 1)


def test_a_clock_set_back_forgets_the_count() -> None:
    counter = RefusalCounter()
    assert counter.count(KIND, NOW) == (KIND, 1)
    assert counter.count(KIND, NOW - timedelta(days=1)) == (KIND, 1)


def test_a_refusal_stands_although_it_cannot_be_recorded(
    context: IdentityContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_self: UnitOfWork) -> None:
        raise Unavailable(Message("The disk is full."))

    monkeypatch.setattr("galeria.adapters.db.unit_of_work.SqlUnitOfWork.commit", full)
    refused(context, context.requests)
    assert "could not be recorded" in caplog.text


def test_a_scope_in_the_log_steers_no_terminal(context: IdentityContext, caplog: pytest.LogCaptureFixture) -> None:
    scope, ana = f"{context.scope}/\u202e\x1b[2J\n{'x' * 10_000}", context.caller("ana")
    context.requests.record_refusal(ana, "x/write", scope, Message("refused"))
    (told,) = caplog.messages
    assert "refused to ana" in told
    assert told.isprintable()
    assert len(told) < 400
