"""What may change in a lab, who is on its roster, and whose its machines are."""

from dataclasses import replace

import pytest

from galeria.actions.labs.accounts import AccountRequest, delete_account, put_account
from galeria.actions.labs.lab_publishing import publish_lab
from galeria.actions.labs.lab_settings import FixedSettings, LabSettings, NonAdminAccount
from galeria.actions.labs.labs import LabRequest, create_lab
from galeria.actions.labs.machines import start_machine
from galeria.actions.rosters.lab_users import (
    UserRequest,
    add_users,
    delete_user,
    put_user,
)
from galeria.actions.rosters.machine_claims import claim_any, claim_machine, favorite_labs, own_machines, set_favorite
from galeria.actions.rosters.registration import register, register_by_code
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound
from galeria.domain.labs.labs import LabCreateOption
from galeria.domain.labs.roster import RegistrationState
from galeria.domain.states import LabState, OperationStatus
from tests.actions.labs.lab_changes import ALGEBRA, IMAGE, change, held
from tests.local_installation import (
    ACCOUNT,
    GALLERY,
    GROUP,
    MIB,
    LocalInstallation,
    disk_bytes,
    lab_id,
    lab_request,
    secrets,
    version_id,
)
from tests.prepared_installations import MakeInstallation, with_lab
from tests.role_assignments import assign_role
from tests.version_rows import add_student_machine


@pytest.fixture
def lab(new_installation: MakeInstallation) -> LocalInstallation:
    """With the lab 'algebra', whose template is off."""
    return new_installation(with_lab)


def test_a_lab_takes_its_accounts_profiles_along_and_keeps_them(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    profiles = {"defaultAutoShutdownProfile": {"shutdownOnIdle": "LowUsage", "idleDelay": "PT15M"}}
    with installation.request() as request:
        put_account(
            request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, profiles=profiles)
        )
    installation.begin_lab("algebra", IMAGE)
    assert held(installation).profiles["autoShutdownProfile"]["idleDelay"] == "PT15M"
    with installation.request() as request:
        later = {"defaultAutoShutdownProfile": {"idleDelay": "PT30M"}}
        account, _ = put_account(
            request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, profiles=later)
        )
    assert account.profiles["defaultAutoShutdownProfile"] == {"shutdownOnIdle": "LowUsage", "idleDelay": "PT30M"}
    assert held(installation).profiles["autoShutdownProfile"]["idleDelay"] == "PT15M"


def test_an_accounts_network_is_settled_once_labs_use_it(lab: LocalInstallation) -> None:
    network = {"defaultNetworkProfile": {"subnetId": "/some/subnet"}}
    wanted = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, profiles=network)
    with pytest.raises(Conflict, match="network cannot change"), lab.request() as request:
        put_account(request, ACCOUNT, wanted)
    other = GROUP.resource("Microsoft.LabServices", "labPlans", "other")
    with lab.request() as request:
        assert put_account(request, other, wanted)[0].profiles == network


def test_an_identity_keeps_its_id_until_it_is_taken_away(installation: LocalInstallation) -> None:
    def put(kind: str | None) -> object:
        profiles = {"identity": {"type": kind}} if kind else {}
        with installation.request() as request:
            wanted = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, profiles=profiles)
            return put_account(request, ACCOUNT, wanted)[0].profiles.get("identity", {}).get("principalId")

    first = put("SystemAssigned")
    assert first is not None
    assert put("SystemAssigned") == put(None) == first
    assert put("None") is None


def test_who_changes_something_else_need_not_see_the_gallery(installation: LocalInstallation) -> None:
    assign_role(installation, "nobody", "Lab Services Contributor", ACCOUNT.key)
    wanted = AccountRequest(location="brazilsouth", tags={"a": "b"}, gallery=GALLERY)
    with installation.request("nobody") as request:
        assert put_account(request, ACCOUNT, wanted)[0].tags == {"a": "b"}
        put_account(request, ACCOUNT, replace(wanted, gallery=None))
    with pytest.raises(NotFound, match="gallery 'gal' was not found"), installation.request("nobody") as request:
        put_account(request, ACCOUNT, wanted)


def test_a_labs_settings_change_and_what_is_not_said_stays(lab: LocalInstallation) -> None:
    said = LabSettings(
        title="Álgebra I",
        capacity=20,
        usage_quota="PT10H",
        open_access=True,
        non_admin=NonAdminAccount(user_name="aluno", password="correct-Horse-9"),
        profiles={"rosterProfile": {"lmsInstance": "moodle"}},
    )
    changed = change(lab, said)
    assert (changed.title, changed.capacity, changed.usage_quota, changed.open_access) == (
        "Álgebra I",
        20,
        36_000,
        True,
    )
    assert changed.non_admin_hash.startswith("$6$")
    again = change(lab, LabSettings(capacity=5, non_admin=NonAdminAccount(user_name="aluno")))
    assert (again.capacity, again.usage_quota, again.non_admin_hash) == (5, 36_000, changed.non_admin_hash)
    assert again.profiles["rosterProfile"] == {"lmsInstance": "moodle"}
    assert again.registration_code.isalnum()
    assert len(again.registration_code) == 10


@pytest.mark.parametrize(
    "said",
    [
        LabSettings(capacity=401),
        LabSettings(usage_quota="PT10000H"),
        LabSettings(title="x" * 121),
        LabSettings(non_admin=NonAdminAccount(user_name="educator", password="correct-Horse-9")),
        LabSettings(non_admin=NonAdminAccount(user_name="aluno")),
        LabSettings(non_admin=NonAdminAccount(user_name="aluno", password="weak")),
        LabSettings(profiles={"rosterProfile": {"activeDirectoryGroupId": "x"}}),
    ],
)
def test_a_wrong_setting_is_refused(lab: LocalInstallation, said: LabSettings) -> None:
    with pytest.raises(Invalid) as refused:
        change(lab, said)
    assert refused.value.hint
    assert held(lab).title == "algebra"


@pytest.mark.parametrize(
    "said",
    [
        LabSettings(fixed=FixedSettings(size="Large")),
        LabSettings(fixed=FixedSettings(user_name="other")),
        LabSettings(fixed=FixedSettings(location="westeurope")),
        LabSettings(fixed=FixedSettings(image=version_id("linux"))),
        LabSettings(fixed=FixedSettings(create_option=LabCreateOption.IMAGE)),
        LabSettings(profiles={"networkProfile": {"subnetId": "/some/subnet"}}),
    ],
)
def test_what_is_settled_cannot_change_and_saying_it_again_is_no_change(
    lab: LocalInstallation, said: LabSettings
) -> None:
    with pytest.raises(Conflict, match="cannot change"):
        change(lab, said)
    same = FixedSettings(
        size="tiny",
        user_name="educator",
        location="Brazil South",
        image=ACCOUNT.child("images", "LINUX"),
        create_option=LabCreateOption.TEMPLATE_VM,
    )
    assert change(lab, LabSettings(fixed=same, description="x")).description == "x"


def test_a_lab_whose_account_is_gone_joins_another(lab: LocalInstallation) -> None:
    with lab.request() as request:
        delete_account(request, ACCOUNT)
    change(lab, LabSettings(account=ACCOUNT, title="still the same id"))
    with lab.request() as request:
        account, is_new = put_account(
            request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY)
        )
    assert is_new
    assert change(lab, LabSettings(account=ACCOUNT)).account_id == account.id
    assert lab.run(lab.begin_export("algebra", "Saved")).status is OperationStatus.SUCCEEDED


def test_only_who_may_write_the_lab_changes_it(lab: LocalInstallation) -> None:
    with pytest.raises(Forbidden, match="labs/write"):
        change(lab, LabSettings(title="x"), who="colleague")


def test_a_lab_can_do_without_a_template(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    wanted: LabRequest = replace(lab_request("algebra", IMAGE), create_option=LabCreateOption.IMAGE)
    with installation.request("educator") as request:
        made, _, operation = create_lab(request, ALGEBRA, wanted, secrets())
    assert made.admin_hash.startswith("$6$")
    assert installation.run(operation).status is OperationStatus.SUCCEEDED
    with installation.context.database(reading=True) as uow:
        assert uow.machines.ids() == set()
    with installation.request("educator") as request:
        published = publish_lab(request, ALGEBRA)
    assert installation.run(published).status is OperationStatus.SUCCEEDED
    assert held(installation).lab_state is LabState.PUBLISHED


def test_an_educator_keeps_a_roster(lab: LocalInstallation) -> None:
    with lab.request("educator") as request:
        ana, is_new = put_user(request, ALGEBRA, "ana", UserRequest(email="Ana@example.org", extra_quota="PT2H"))
        assert (is_new, ana.extra_quota, ana.registration) == (True, 7200, RegistrationState.NOT_REGISTERED)
        assert not put_user(request, ALGEBRA, "ANA", UserRequest(email="ana@EXAMPLE.org", extra_quota="PT3H"))[1]
        with pytest.raises(Conflict, match="another user"):
            put_user(request, ALGEBRA, "twin", UserRequest(email="ana@example.org"))
        with pytest.raises(Conflict, match="cannot change"):
            put_user(request, ALGEBRA, "ana", UserRequest(email="other@example.org"))
        with pytest.raises(Invalid):
            put_user(request, ALGEBRA, "no/name", UserRequest(email="x@example.org"))
        added = add_users(request, ALGEBRA, ["ana@example.org", "bia@example.org", "BIA@example.org"])
        assert [each.email for each in added] == ["bia@example.org"]
        assert delete_user(request, ALGEBRA, "ana").was_there
        assert not delete_user(request, ALGEBRA, "ana").was_there
    with pytest.raises(Forbidden, match="users/write"), lab.request("colleague") as request:
        put_user(request, ALGEBRA, "x", UserRequest(email="x@example.org"))


@pytest.mark.slow
def test_a_lab_has_400_users_at_most(lab: LocalInstallation) -> None:
    with lab.request("educator") as request:
        add_users(request, ALGEBRA, [f"student{number}@example.org" for number in range(400)])
        with pytest.raises(Conflict, match="at most 400"):
            add_users(request, ALGEBRA, ["one-more@example.org"])


def test_who_is_expected_registers_and_others_only_where_it_is_open(lab: LocalInstallation) -> None:
    code = change(lab, LabSettings(capacity=1)).registration_code
    with pytest.raises(NotFound), lab.request("nobody") as request:
        register_by_code(request, "no-such-code")
    with pytest.raises(Forbidden, match="does not expect"), lab.request("nobody") as request:
        register_by_code(request, code)
    change(lab, LabSettings(open_access=True))
    with lab.request("nobody") as request:
        user = register_by_code(request, code)
        assert (user.registration, user.display_name) == (RegistrationState.REGISTERED, "Nobody")
        assert register_by_code(request, code).id == user.id
        set_favorite(request, ALGEBRA, liked=True)
        request.uow.flush()
        assert [each.name for each in favorite_labs(request)] == ["algebra"]
    with pytest.raises(Conflict, match="is full"), lab.request("colleague") as request:
        register(request, held(lab))


def test_a_machine_is_claimed_once_and_then_its_users_own(lab: LocalInstallation) -> None:
    change(lab, LabSettings(capacity=2, open_access=True))
    with pytest.raises(Conflict, match="no machine left"), lab.request("nobody") as request:
        claim_any(request, held(lab))
    add_student_machine(lab, "algebra", "one", 50001)
    add_student_machine(lab, "algebra", "two", 50002)
    with lab.request("nobody") as request:
        assert claim_any(request, held(lab)).name == "one"
        assert claim_any(request, held(lab)).name == "one"
        with pytest.raises(Conflict, match="cannot be claimed"):
            claim_machine(request, held(lab), "two")
        with pytest.raises(NotFound):
            claim_machine(request, held(lab), "template")
        request.uow.flush()
        assert [machine.name for _, machine in own_machines(request)] == ["one"]
    with pytest.raises(Conflict, match="cannot be claimed"), lab.request("colleague") as request:
        claim_machine(request, held(lab), "one")
    with lab.request("nobody") as request:
        assert start_machine(request, ALGEBRA, "one") is not None
    with pytest.raises(NotFound), lab.request("nobody") as request:
        start_machine(request, ALGEBRA, "template")


def test_a_stranger_does_not_learn_that_a_lab_exists(lab: LocalInstallation) -> None:
    with lab.request() as request:
        there = request.uow.labs.get_by_key(ALGEBRA.key)
        with pytest.raises(NotFound) as never:
            request.uow.labs.get_by_key(lab_id("nothere").key)
    for act in (register, claim_any):
        with pytest.raises(NotFound) as refused, lab.request("nobody") as request:
            act(request, request.uow.labs.get(there.id))
        assert str(refused.value) == str(never.value).replace("nothere", "algebra"), act
        assert there.title not in str(refused.value).replace("'algebra'", "")
