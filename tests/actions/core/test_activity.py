"""The activity log shows a person what the API would show too, newest first, and finds what is looked for."""

from datetime import timedelta

import pytest

from galeria.actions.core.activity import READ, ROWS, Activity, search_activity
from galeria.actions.core.audit import record_audit
from galeria.actions.core.groups import put_group
from galeria.actions.people.roles import give_role
from galeria.domain.audit import AuditSearch
from galeria.domain.errors import Forbidden, NotFound
from galeria.domain.ids import ResourceId
from tests.local_installation import ACCOUNT, GALLERY, GROUP, SUBSCRIPTION, LocalInstallation

WHOLE = f"/subscriptions/{SUBSCRIPTION}"
NEAR = GROUP.key + "-two"  # its name begins like the group's


def write(installation: LocalInstallation, action: str, scope: str, who: str = "admin") -> None:
    with installation.request(who) as request:
        record_audit(request, request.caller, action, scope)


def read(installation: LocalInstallation, who: str = "admin", page: int = 1, **wanted: object) -> Activity:
    with installation.request(who) as request:
        return search_activity(request, WHOLE, AuditSearch(**wanted), page=page)  # type: ignore[arg-type]  # by name


def scopes(activity: Activity) -> list[str]:
    return [each.scope for each in activity.events]


def test_the_newest_come_first_in_pages(installation: LocalInstallation) -> None:
    for number in range(ROWS + 5):
        write(installation, "test/write", f"{GALLERY.key}/images/{number}")
    first, second = read(installation, action="TEST/write"), read(installation, action="test/write", page=2)
    assert scopes(first)[0].endswith(f"/{ROWS + 4}")
    assert (len(first.events), first.has_more) == (ROWS, True)
    assert (len(second.events), second.has_more) == (5, False)
    assert read(installation, action="test/write", page=3).events == ()


def test_each_filter_narrows(installation: LocalInstallation) -> None:
    write(installation, "test/write", ACCOUNT.key, who="educator")
    write(installation, "test/delete", GALLERY.key)
    assert scopes(read(installation, person="EDUC")) == [ACCOUNT.key]
    assert scopes(read(installation, action="test/delete")) == [GALLERY.key]
    assert scopes(read(installation, resource="Galleries/GAL", action="test/delete")) == [GALLERY.key]
    assert read(installation, resource="%").events == (), "a percent sign is one"
    at = read(installation, action="test/delete").events[0].at
    assert scopes(read(installation, action="test/delete", since=at)) == [GALLERY.key]
    assert read(installation, action="test/delete", until=at).events == ()
    assert read(installation, action="test/delete", since=at + timedelta(microseconds=1)).events == ()
    assert read(installation, correlation_id="none").events == ()


def test_who_may_read_a_part_sees_that_part(installation: LocalInstallation) -> None:
    write(installation, "test/write", GALLERY.key)
    write(installation, "test/write", NEAR)
    with pytest.raises(NotFound, match="you have no role in it yet"):
        read(installation, "nobody")
    with pytest.raises(Forbidden):
        read(installation, "educator")
    with installation.request() as request:
        for scope in (str(GALLERY), str(GROUP)):
            give_role(request, "nobody", "Reader", scope)
    seen = scopes(read(installation, "nobody"))
    assert GALLERY.key in seen
    assert all(each == GROUP.key or each.startswith(GROUP.key + "/") for each in seen)
    assert NEAR in scopes(read(installation))


@pytest.mark.parametrize("role", ["Owner", "Contributor", "Reader", "User Access Administrator"])
@pytest.mark.parametrize("given", [(WHOLE,), (str(GROUP),), (str(GALLERY),), (str(ACCOUNT), str(GALLERY)), (NEAR,)])
def test_they_are_the_events_that_the_api_would_show(
    installation: LocalInstallation, role: str, given: tuple[str, ...]
) -> None:
    for scope in (WHOLE, GROUP.key, NEAR, ACCOUNT.key, f"{ACCOUNT.key}/images/x", GALLERY.key, f"{GALLERY.key}2"):
        write(installation, "test/write", scope)
    with installation.request() as request:
        if NEAR in given:
            put_group(request, ResourceId.parse(NEAR), location="brazilsouth", tags={})
        for scope in given:
            give_role(request, "nobody", role, scope)
    with installation.request("nobody") as request:
        everything = request.uow.audit.recent(limit=1000)
        allowed = [each.id for each in everything if request.caller.may(READ, each.scope)]
    assert [each.id for each in read(installation, "nobody").events] == allowed
    assert 0 < len(allowed) <= len(everything) < ROWS
