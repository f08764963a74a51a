"""Who may register with a lab, as whom, and what becomes of a place that is given back."""

from dataclasses import replace

import pytest

from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.labs.machines import start_machine
from galeria.actions.people.external_sign_in import sign_in_externally
from galeria.actions.rosters.lab_users import add_users, delete_user
from galeria.actions.rosters.machine_claims import join_lab
from galeria.actions.rosters.registration import own_addresses, require_place
from galeria.domain.errors import Conflict, Forbidden, NotFound
from galeria.domain.labs.labs import LabMachine
from galeria.domain.people.external_provider import ExternalProfile, ExternalProvider
from galeria.domain.states import MachineState, OperationStatus
from tests.actions.labs.lab_changes import ALGEBRA, change, held
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, with_lab
from tests.version_rows import add_revision, add_student_machine

CAMPUS = ExternalProvider(name="Campus", issuer="https://login.example.org", client_id="galeria", create_people=True)
BIA = ExternalProfile(
    issuer=CAMPUS.issuer, subject="42", name="bia", display_name="Bia Lima", email="bia.lima@example.org"
)


@pytest.fixture
def lab(new_installation: MakeInstallation) -> LocalInstallation:
    """With the published lab 'algebra' and a machine for each of two users."""
    installation = new_installation(with_lab)
    change(installation, LabSettings(capacity=2))
    for number in (1, 2):
        add_student_machine(installation, "algebra", f"vm{number}", 50_000 + number)
    add_revision(installation, "algebra")
    return installation


def join(installation: LocalInstallation, who: str) -> LabMachine:
    code = held(installation).registration_code
    with installation.request(who) as request:
        return join_lab(request, code)


def expect(installation: LocalInstallation, *addresses: str) -> list[str]:
    with installation.request("educator") as request:
        return [each.name for each in add_users(request, ALGEBRA, list(addresses))]


def come_from_campus(installation: LocalInstallation, profile: ExternalProfile = BIA) -> None:
    """Whoever that is signs in, and is in the installation's list of people from now on."""
    with installation.requests.anonymous_writing() as request:
        person = sign_in_externally(request, CAMPUS, profile)
    installation.people[profile.name] = person


def test_joining_registers_and_claims_in_one_go_and_may_be_repeated(lab: LocalInstallation) -> None:
    change(lab, LabSettings(open_access=True))
    assert join(lab, "nobody").name == "vm1"
    assert join(lab, "nobody").name == "vm1"
    assert join(lab, "colleague").name == "vm2"
    with pytest.raises(Conflict, match="is full"):
        join(lab, "admin")
    with pytest.raises(NotFound, match="No lab has this registration code"), lab.request("nobody") as request:
        join_lab(request, "no-such-code")


def test_who_finds_no_machine_is_not_registered_either(lab: LocalInstallation) -> None:
    change(lab, LabSettings(open_access=True, capacity=5))
    join(lab, "nobody")
    join(lab, "colleague")
    with pytest.raises(Conflict, match="no machine left") as full:
        join(lab, "admin")
    assert full.value.code == "LabIsFull"
    with lab.request("admin") as request:
        assert request.uow.lab_users.count_of_lab(held(lab).id) == 2


def test_a_lab_that_was_never_published_says_so(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_lab)
    change(installation, LabSettings(capacity=2, open_access=True))
    with pytest.raises(Conflict, match="not published yet"):
        join(installation, "nobody")


def test_the_address_that_a_provider_has_verified_is_the_one_that_a_roster_expects(lab: LocalInstallation) -> None:
    come_from_campus(lab)
    with pytest.raises(Forbidden, match=r"does not expect 'bia[.]lima@example[.]org'"):
        join(lab, "bia")
    expect(lab, "Bia.Lima@example.org")

    assert join(lab, "bia").name == "vm1"
    with lab.request("educator") as request:
        (user,) = request.uow.lab_users.of_lab(held(lab).id)
        assert (user.email, user.display_name) == ("Bia.Lima@example.org", "Bia Lima")
        assert user.principal_id == lab.people["bia"].id


def test_an_address_that_is_not_verified_any_more_opens_nothing(lab: LocalInstallation) -> None:
    come_from_campus(lab)
    expect(lab, "bia.lima@example.org")
    come_from_campus(lab, replace(BIA, email=""))
    with lab.request("bia") as request:
        assert own_addresses(request, request.caller.principal) == ["bia"]
    with pytest.raises(Forbidden):
        join(lab, "bia")


def test_who_registered_under_an_address_is_not_replaced_by_somebody_else_of_it(lab: LocalInstallation) -> None:
    """Two accounts may have one address: a name here, and a verified address at a provider."""
    expect(lab, "bia.lima@example.org")
    come_from_campus(lab)
    mine = join(lab, "bia").id
    come_from_campus(lab, replace(BIA, subject="43", name="other"))

    with pytest.raises(Conflict, match="Somebody else has registered"):
        join(lab, "other")
    change(lab, LabSettings(open_access=True))
    with pytest.raises(Conflict, match="Somebody else has registered"):
        join(lab, "other")
    assert join(lab, "bia").id == mine


def test_who_would_have_a_place_is_told_before_anything_is_done(lab: LocalInstallation) -> None:
    expect(lab, "bia.lima@example.org")
    come_from_campus(lab)
    with lab.request("bia") as request:
        assert require_place(request, held(lab)) is None
    join(lab, "bia")
    with lab.request("bia") as request:
        registered = require_place(request, held(lab))
        assert registered is not None
    with pytest.raises(Forbidden), lab.request("nobody") as request:
        require_place(request, held(lab))


def test_a_removed_user_gives_the_place_back_and_leaves_nothing_in_the_machine(lab: LocalInstallation) -> None:
    change(lab, LabSettings(open_access=True))
    first = join(lab, "nobody")
    join(lab, "colleague")
    with pytest.raises(Conflict, match="is full"):
        join(lab, "admin")

    with lab.request("educator") as request:
        leaving = request.uow.lab_users.find_registered(held(lab).id, lab.people["nobody"].id)
        assert leaving is not None
        removal = delete_user(request, ALGEBRA, leaving.name)
    assert removal.was_there
    assert removal.operation is not None
    with lab.context.database(reading=True) as uow:
        freed = uow.machines.get(first.id)
        assert (freed.state, freed.claimed_by) == (MachineState.REIMAGING, None)

    with pytest.raises(Conflict, match="being made ready"):
        join(lab, "admin")
    assert lab.run(removal.operation).status is OperationStatus.SUCCEEDED
    assert join(lab, "admin").id == first.id
    with pytest.raises(Conflict, match="is full"):
        join(lab, "nobody")


def test_a_busy_machine_is_not_freed(lab: LocalInstallation) -> None:
    expect(lab, "bia.lima@example.org")
    come_from_campus(lab)
    join(lab, "bia")
    with lab.request("educator") as request:
        (user,) = request.uow.lab_users.of_lab(held(lab).id)
    with lab.request("bia") as request:
        start_machine(request, ALGEBRA, "vm1")
    with pytest.raises(Conflict, match="The machine is busy"), lab.request("educator") as request:
        delete_user(request, ALGEBRA, user.name)
