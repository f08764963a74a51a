"""A lab that is only planned: the plan objects to exactly what making it would refuse, and proposes what it would take."""

from dataclasses import replace
from typing import Any

import pytest

from galeria.actions.galleries.definitions import put_definition
from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.labs.accounts import AccountRequest, delete_account, put_account
from galeria.actions.labs.classic_labs import DraftRequest, put_lab
from galeria.actions.labs.image_switches import enable_image
from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.labs.lab_validation import LabProblems, check_lab, creatable_accounts, propose_lab_name
from galeria.actions.labs.labs import LabRequest, create_lab
from galeria.domain.errors import GaleriaError
from tests.local_installation import (
    ACCOUNT,
    GALLERY,
    GROUP,
    MIB,
    LocalInstallation,
    definition,
    disk_bytes,
    lab_id,
    lab_request,
    secrets,
    version_id,
)
from tests.prepared_installations import MakeInstallation
from tests.questions import counted
from tests.role_assignments import assign_role
from tests.version_rows import copy_labs

IMAGE = GALLERY.child("images", "linux")
EVENING = GROUP.resource("Microsoft.LabServices", "labPlans", "evening")
OTHER = GROUP.resource("Microsoft.Compute", "galleries", "other")
WANTED = lab_request("plan", IMAGE)


def stock(installation: LocalInstallation) -> None:
    """With `linux` in two regions, `away` in one that is not the account's, and `off`, which is disabled."""
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "brazilsoutheast")))
    installation.run(installation.begin_import("linux", disk_bytes(MIB, seed=2), version="2.0.0"))
    installation.run(installation.begin_import("away", disk_bytes(MIB, seed=3), regions=("brazilsouth", "westeurope")))
    installation.run(installation.begin_import("off", disk_bytes(MIB, seed=4)))
    with installation.request() as request:
        put_definition(request, GALLERY.child("images", "empty"), definition("empty"))
        put_gallery(request, OTHER, location="brazilsouth", tags={}, description="")
        request.uow.flush()
        put_definition(request, OTHER.child("images", "linux"), definition("linux"))
        enable_image(request, ACCOUNT, "off", enabled=False)
        regions = ("brazilsouth", "brazilsoutheast", "northeurope")
        account = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, allowed_regions=regions)
        put_account(request, ACCOUNT, account)


@pytest.fixture
def stocked(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(stock)


def check(
    installation: LocalInstallation, wanted: LabRequest, *, name: str = "plan", who: str = "educator"
) -> LabProblems:
    with installation.request(who) as request:
        account = request.uow.accounts.get_by_key(wanted.account.key)
        return check_lab(request, lab_id(name), account, wanted)


def make(installation: LocalInstallation, wanted: LabRequest, *, name: str = "plan", who: str = "educator") -> None:
    with installation.request(who) as request:
        create_lab(request, lab_id(name), wanted, secrets())


def propose(installation: LocalInstallation, title: str, who: str = "educator") -> str:
    with installation.request(who) as request:
        return propose_lab_name(request, request.uow.accounts.get_by_key(ACCOUNT.key), title)


def accounts_of(installation: LocalInstallation, who: str) -> list[str]:
    with installation.request(who) as request:
        return [each.name for each in creatable_accounts(request)]


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("title", {"title": "x" * 121}),
        ("region", {"location": "atlantis"}),
        ("region", {"location": "westeurope"}),
        ("image", {"image": GALLERY.child("images", "none")}),
        ("image", {"image": GALLERY.child("images", "empty")}),
        ("image", {"image": GALLERY.child("images", "off")}),
        ("image", {"image": OTHER.child("images", "linux")}),
        ("image", {"image": ACCOUNT}),
        ("image", {"image": GALLERY.child("images", "away"), "location": "brazilsoutheast"}),
        ("image", {"location": "northeurope"}),
        ("image", {"image": version_id("linux", "2.0.0"), "location": "brazilsoutheast"}),
        ("image", {"image": version_id("linux", "7.0.0")}),
        ("image", {"image": version_id("off")}),
        ("size", {"size": "Huge"}),
        ("user", {"user_name": "root"}),
        ("user", {"user_name": "Ana"}),
        ("password", {"password": "short"}),
        ("password", {"password": ""}),
        ("quota", {"settings": LabSettings(usage_quota="ten")}),
        ("quota", {"settings": LabSettings(usage_quota="PT99999H")}),
    ],
    ids=str,
)
def test_the_plan_objects_with_the_words_of_the_refusal(
    stocked: LocalInstallation, about: str, said: dict[str, Any]
) -> None:
    wanted = replace(WANTED, **said)
    (found,) = check(stocked, wanted).errors.items()
    with pytest.raises(GaleriaError) as refused:
        make(stocked, wanted)
    assert found == (about, found[1])
    assert (type(found[1]), str(found[1])) == (type(refused.value), str(refused.value))
    assert found[1].hint


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"location": "brazilsoutheast"},
        {"image": version_id("linux")},
        {"image": version_id("linux"), "location": "brazilsoutheast"},
        {"image": version_id("linux", "latest")},
        {"image": ACCOUNT.child("images", "LINUX")},
        {"image": GALLERY.child("images", "away")},
        {"size": "tiny"},
        {"settings": LabSettings(usage_quota="PT10H")},
    ],
    ids=str,
)
def test_what_the_plan_accepts_is_made(stocked: LocalInstallation, said: dict[str, Any]) -> None:
    wanted = replace(WANTED, **said)
    assert check(stocked, wanted).errors == {}
    make(stocked, wanted)


def test_everything_is_reported_at_once_and_nothing_is_changed(stocked: LocalInstallation) -> None:
    settings = LabSettings(usage_quota="x")
    wanted = replace(WANTED, title="x" * 121, size="Huge", user_name="root", password="x", settings=settings)
    assert set(check(stocked, wanted, name="1").errors) == {"name", "title", "size", "user", "password", "quota"}
    assert set(check(stocked, replace(wanted, location="atlantis"), name="1").errors) >= {"region", "size"}
    with stocked.context.database(reading=True) as uow:
        assert uow.labs.below(GROUP.key) == []
        assert uow.operations.unsettled() == []


def test_a_name_that_is_taken_is_objected_to(stocked: LocalInstallation) -> None:
    stocked.run(stocked.begin_lab("algebra", IMAGE))
    assert "There is a lab 'ALGEBRA' already." in str(check(stocked, WANTED, name="ALGEBRA").errors["name"])
    for bad in ("1st", "a" * 101, "a b", ""):
        assert "name" in check(stocked, WANTED, name=bad).errors


def test_a_name_that_somebody_keeps_for_a_lab_without_template_is_taken_for_all_others(
    stocked: LocalInstallation,
) -> None:
    with stocked.request("colleague") as request:
        put_lab(request, ACCOUNT, lab_id("Physics"), DraftRequest(capacity=5), secrets())
    assert "There is a lab 'physics' already." in str(check(stocked, WANTED, name="physics").errors["name"])
    assert propose(stocked, "Physics") == "Physics-2"
    assert check(stocked, WANTED, name="physics", who="colleague").errors == {}
    assert propose(stocked, "Physics", who="colleague") == "Physics"
    make(stocked, WANTED, name="physics", who="colleague")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Álgebra — turma A", "Algebra-turma-A"),
        ("2026 algebra", "lab-2026-algebra"),
        ("...", "image"),
        ("数学", "image"),
        ("x" * 120, "x" * 80),
    ],
)
def test_proposed_names_can_be_taken(stocked: LocalInstallation, title: str, name: str) -> None:
    assert propose(stocked, title) == name
    assert check(stocked, WANTED, name=name).errors == {}


@pytest.mark.parametrize("taken", [1, 2, 3, 8, 1000])
def test_a_name_for_a_title_of_many_labs_is_found_by_a_few_questions(stocked: LocalInstallation, taken: int) -> None:
    stocked.run(stocked.begin_lab("course", IMAGE))
    with stocked.request() as request:
        copy_labs(request, "course", {f"course-{number}": "Course" for number in range(2, taken + 1)})
    with stocked.request("educator") as request:
        account = request.uow.accounts.get_by_key(ACCOUNT.key)
        with counted() as questions:
            assert propose_lab_name(request, account, "Course") == f"Course-{taken + 1}"
    assert len(questions) <= 50  # two for every name that is looked at


def test_accounts_are_offered_by_right(stocked: LocalInstallation) -> None:
    with stocked.request() as request:
        put_account(request, EVENING, AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY))
    assert accounts_of(stocked, "educator") == ["evening", "labs"]
    assert accounts_of(stocked, "nobody") == []
    assign_role(stocked, "nobody", "Reader", GROUP.key)
    assert accounts_of(stocked, "nobody") == []
    assign_role(stocked, "nobody", "Lab Creator", EVENING.key)
    assert accounts_of(stocked, "nobody") == ["evening"]
    with stocked.request() as request:
        delete_account(request, EVENING)
    assert accounts_of(stocked, "nobody") == []
