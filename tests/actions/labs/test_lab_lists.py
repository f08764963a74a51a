"""The list of labs: everybody's own view of it, by a handful of questions, with a thousand labs as with ten."""

import pytest

from galeria.actions.labs.lab_lists import LabSearch, ListedLabs, search_labs
from galeria.domain.ids import ResourceId
from galeria.domain.states import MachineState, ProvisioningState
from tests.local_installation import ACCOUNT, GALLERY, GROUP, SUBSCRIPTION, LocalInstallation, lab_id
from tests.prepared_installations import MakeInstallation, with_linux
from tests.questions import counted
from tests.role_assignments import assign_role
from tests.version_rows import copy_labs

LABS = 1000
QUESTIONS = 12  # however many labs there are
IMAGE = GALLERY.child("images", "linux")


def stock(installation: LocalInstallation) -> None:
    """With the educator's lab `course`."""
    with_linux(installation)
    installation.run(installation.begin_lab("course", IMAGE))


@pytest.fixture
def stocked(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(stock)


def stock_many(installation: LocalInstallation) -> None:
    with installation.request() as request:
        names = [f"lab-{number:04}" for number in range(1, LABS)]
        copy_labs(request, "course", {name: f"Ótica {name.removeprefix('lab-')}" for name in names})


def look(installation: LocalInstallation, who: str = "educator", *, text: str = "", page: int = 1) -> ListedLabs:
    with installation.request(who) as request:
        return search_labs(request, LabSearch(text=text, page=page))


def titles(found: ListedLabs) -> list[str]:
    return [each.lab.title for each in found.labs]


def test_a_thousand_labs_take_no_more_questions_than_one(stocked: LocalInstallation) -> None:
    with counted() as few:
        look(stocked)
    stock_many(stocked)
    with counted() as many:
        found = look(stocked, text="ótica")
    assert (found.found, found.all, found.pages, len(found.labs)) == (LABS - 1, LABS, 20, 50)
    assert len(many) == len(few) <= QUESTIONS


def test_pages_follow_each_other_by_title(stocked: LocalInstallation) -> None:
    stock_many(stocked)
    pages = [look(stocked, page=number) for number in range(1, 21)]
    seen = [title for page in pages for title in titles(page)]
    assert seen == ["course", *(f"Ótica {number:04}" for number in range(1, LABS))]
    assert look(stocked, page=99).page == 20
    assert look(stocked, page=0).page == 1


def test_labs_are_found_by_title_name_and_image_in_any_case(stocked: LocalInstallation) -> None:
    stock_many(stocked)
    assert titles(look(stocked, text="ÓTICA 0042")) == ["Ótica 0042"]
    assert titles(look(stocked, text=" LAB-0042 ")) == ["Ótica 0042"]
    assert look(stocked, text="linux").found == LABS
    assert (look(stocked, text="physics").found, look(stocked, text="physics").all) == (0, LABS)


def test_whoever_has_a_role_in_one_lab_sees_that_one(stocked: LocalInstallation) -> None:
    stock_many(stocked)
    assert look(stocked, "nobody").all == 0
    assign_role(stocked, "nobody", "Lab Assistant", lab_id("lab-0007").key)
    assert titles(look(stocked, "nobody")) == ["Ótica 0007"]
    assign_role(stocked, "nobody", "Lab Creator", ACCOUNT.key)
    assert look(stocked, "nobody").all == 1


def test_a_role_in_a_group_reaches_no_group_whose_name_begins_like_it(stocked: LocalInstallation) -> None:
    assign_role(stocked, "nobody", "Reader", ResourceId(SUBSCRIPTION, GROUP.group[:-1]).key)
    assert look(stocked, "nobody").all == 0


def test_each_lab_comes_with_its_template_its_image_and_what_goes_on(stocked: LocalInstallation) -> None:
    stock_many(stocked)
    operation = stocked.begin_start("course")
    (listed,) = look(stocked, text="course").labs
    assert (listed.image, [each.id for each in listed.work]) == ("linux", [operation.id])
    template = stocked.machine("course")
    assert (listed.lab.template, listed.lab.template_state) == (template.id, MachineState.STARTING)
    assert (listed.lab.state, listed.lab.version_name) == (ProvisioningState.SUCCEEDED, "1.0.0")
    assert all(each.lab.template is None and each.work == () for each in look(stocked, text="ótica").labs)
    stocked.run(operation)
    assert look(stocked, text="course").labs[0].work == ()
