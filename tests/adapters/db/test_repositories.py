"""What each repository promises beyond finding by id and key."""

from datetime import timedelta
from typing import Any

import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.errors import Conflict
from galeria.domain.images.galleries import (
    ImageVersion,
    Replica,
    SourceKind,
    VersionDisk,
    VersionNumber,
    latest_version,
)
from galeria.domain.images.soft_delete import Retention
from galeria.domain.labs.accounts import ImageSwitch
from galeria.domain.operations import OperationStep, Upload
from galeria.domain.states import MachineState, OperationStatus, ProvisioningState, ReplicaState
from galeria.ports.machines import Machine

from . import samples


def test_below_stops_at_the_path_and_sorts_by_name(db: SqlDatabase) -> None:
    here = samples.GROUP
    with db() as unit:
        unit.galleries.add(samples.gallery("b"))
        unit.galleries.add(samples.gallery("C"))
        unit.galleries.add(samples.gallery("a"))
        for other in (here + "2", here + "-x", here + ".x", here + "_x"):
            unit.galleries.add(samples.gallery("other", group=other))
        names = [each.name for each in unit.galleries.below(here.lower())]
        everywhere = unit.galleries.below(f"/subscriptions/{samples.SUBSCRIPTION}")
    assert names == ["a", "b", "C"]
    assert len(everywhere) == 7


def test_groups_and_subscriptions_are_listed(db: SqlDatabase) -> None:
    with db() as unit:
        unit.add_subscription(samples.subscription())
        unit.groups.add(samples.group("Zoo"))
        unit.groups.add(samples.group("art"))
        unit.commit()
    with db(reading=True) as unit:
        assert [each.display_name for each in unit.subscriptions()] == ["Universidade"]
        assert [each.name for each in unit.groups.below(f"/subscriptions/{samples.SUBSCRIPTION}")] == ["art", "Zoo"]


def test_galleries_are_found_by_name_in_any_case(db: SqlDatabase) -> None:
    with db() as unit:
        for name in ("My_Images", "MyXImages", "Other_My_Images"):
            unit.galleries.add(samples.gallery(name))
        unit.galleries.add(samples.gallery("My_Images", group=samples.GROUP + "2"))
        found = unit.galleries.named(samples.SUBSCRIPTION.upper(), "MY_images")
        assert unit.galleries.named("another", "my_images") == []
    assert [each.name for each in found] == ["My_Images", "My_Images"]


def test_versions_are_listed_by_number(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    one, two = samples.definition(gallery, "a"), samples.definition(gallery, "b")
    with db() as unit:
        unit.galleries.add(gallery)
        unit.definitions.add(two)
        unit.definitions.add(one)
        unit.versions.add(samples.version(two, "0.0.1"))
        for name in ("1.10.0", "1.9.0", "1.2.10", "1.2.9"):
            unit.versions.add(samples.version(one, name))
        assert [each.name for each in unit.definitions.of_gallery(gallery.id)] == ["a", "b"]
        assert [each.name for each in unit.versions.of_definition(one.id)] == ["1.2.9", "1.2.10", "1.9.0", "1.10.0"]
        assert [each.name for each in unit.versions.of_definition(two.id)] == ["0.0.1"]


def test_versions_come_page_by_page_the_highest_number_first(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    image = samples.definition(gallery)
    with db() as unit:
        unit.galleries.add(gallery)
        unit.definitions.add(image)
        for name in ("1.10.0", "1.9.0", "2026.11.23", "1.2.10", "10.0.0"):
            unit.versions.add(samples.version(image, name))
        unit.versions.add(samples.version(image, "11.0.0", **retained()))
        unit.versions.add(samples.version(image, "12.0.0", deleted_at=samples.NOW))
        page, count = unit.version_queries.versions(image.id, offset=1, limit=2)
        ones = unit.version_queries.versions(image.id, starting="1.")
        back = unit.version_queries.versions(image.id, retained=True)
        going = unit.version_queries.retained(gallery.id)
        assert unit.version_queries.version_counts([image.id, "other"]) == {image.id: 5, "other": 0}
        assert unit.version_queries.definition_counts() == {gallery.id: 1}
    assert ([each.name for each in page], count) == (["10.0.0", "1.10.0"], 5)
    assert ([each.name for each in ones[0]], ones[1]) == (["1.10.0", "1.9.0", "1.2.10"], 3)
    assert ([each.name for each in back[0]], back[1]) == (["11.0.0"], 1)
    assert ([each.name for each in going[0]], going[1]) == (["11.0.0"], 1)


def test_the_latest_in_each_region_is_what_the_domain_says(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    image = samples.definition(gallery)
    done = {"published_at": samples.NOW}
    given: list[tuple[ImageVersion, list[Replica]]] = [
        (samples.version(image, "1.9.0", **done), copies("south", "west")),
        (samples.version(image, "1.10.0", **done), copies("south")),
        (samples.version(image, "1.11.0", exclude_from_latest=True, **done), copies("south", "west", west=False)),
        (samples.version(image, "1.12.0", **done), copies("west", west=True)),
        (samples.version(image, "1.13.0"), copies("south", "west")),
        (samples.version(image, "1.14.0", **done, **retained()), copies("south")),
        (samples.version(image, "1.15.0", state=ProvisioningState.DELETING, **done), copies("south")),
        (samples.version(image, "1.16.0", **done), [replica("south", state=ReplicaState.FAILED)]),
    ]
    with db() as unit:
        unit.galleries.add(gallery)
        unit.definitions.add(image)
        for version, replicas in given:
            unit.versions.add(version)
            for each in replicas:
                each.version_id = version.id
                unit.versions.add_replica(each)
        unit.commit()
        found = unit.version_queries.latest(image.id)
        assert unit.version_queries.newest([image.id, "other"]) == {image.id: VersionNumber(1, 16, 0)}
    said = {region: latest_version(given, region) for region in ("south", "west")}
    assert found == {region: version.id for region, version in said.items() if version}
    names = {version.id: version.name for version, _ in given}
    assert {region: names[id] for region, id in found.items()} == {"south": "1.10.0", "west": "1.11.0"}


def test_uploads_are_found_by_owner_and_by_what_was_made_of_them(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    image = samples.definition(gallery)
    with db() as unit:
        for number, owner in enumerate(("ana", "ana", "bia")):
            made = samples.NOW + timedelta(minutes=number)
            unit.uploads.add(Upload(id=f"u{number}", owner_id=owner, file_name="f", length=1, created_at=made))
        unit.galleries.add(gallery)
        unit.definitions.add(image)
        unit.versions.add(samples.version(image, source_id="u0"))
        unit.versions.add(samples.version(image, "2.0.0", source_id="u1", source_kind=SourceKind.DISK))
        assert [each.id for each in unit.uploads.of_owner("ana")] == ["u1", "u0"]
        assert [each.name for each in unit.version_queries.from_uploads(["u0", "u1"])] == ["1.0.0"]
        assert unit.version_queries.from_uploads([]) == []


@pytest.mark.parametrize("keeps_key", [True, False])
def test_a_deleted_version_keeps_its_row_and_frees_its_key(db: SqlDatabase, keeps_key: bool) -> None:
    gallery = samples.gallery()
    definition = samples.definition(gallery)
    old, new = samples.version(definition), samples.version(definition)
    with db() as unit:
        unit.galleries.add(gallery)
        unit.definitions.add(definition)
        unit.versions.add(old)
        unit.flush()
        old.deleted_at = samples.NOW
        old.key = old.key if keeps_key else f"deleted/{old.id}"
        assert unit.versions.find_by_key(new.key) is None
        assert unit.versions.below(definition.key) == []
        assert unit.versions.of_definition(definition.id) == []
        unit.versions.add(new)
        unit.commit()
        assert unit.versions.find_by_key(new.key) is new
        assert unit.versions.find(old.id) is old
        assert len(unit.versions.of_definition(definition.id, deleted=True)) == 2


def test_disks_come_by_lun_and_replicas_home_first(db: SqlDatabase) -> None:
    version = samples.version(samples.definition(samples.gallery()))
    with db() as unit:
        unit.versions.add(version)
        for lun in (1, -1, 0):
            digest = "" if lun == 1 else f"digest {lun}"
            unit.versions.add_disk(VersionDisk(version_id=version.id, lun=lun, size=5 * 1024**4, digest=digest))
        for region in ("eastus", "brazilsouth", "australiaeast"):
            unit.versions.add_replica(Replica(version_id=version.id, region=region))
        unit.commit()
        assert [disk.lun for disk in unit.versions.disks(version.id)] == [-1, 0, 1]
        assert unit.versions.disks(version.id)[0].size == 5 * 1024**4
        regions = [replica.region for replica in unit.versions.replicas(version.id)]
        assert regions == ["brazilsouth", "australiaeast", "eastus"]
        assert unit.versions.contents("eastus") == {"digest -1", "digest 0"}
        assert unit.versions.contents("eastus", without=version.id) == unit.versions.contents("westus") == set()
        east = unit.versions.find_replica(version.id, "eastus")
        assert east
        unit.versions.remove_replica(east)
        assert unit.versions.contents("eastus") == set()
        unit.versions.remove_disks(version.id)
        assert unit.versions.disks(version.id) == []


def test_contents_that_another_version_has_in_the_same_region_are_shared(db: SqlDatabase) -> None:
    image = samples.definition(samples.gallery())
    one, two, three = (samples.version(image, number) for number in ("1.0.0", "2.0.0", "3.0.0"))
    with db() as unit:
        for version, digests, regions in (
            (one, ("a", "b", ""), ("brazilsouth", "eastus", "westus")),
            (two, ("b", "c", ""), ("brazilsouth", "eastus")),
            (three, ("a",), ("eastus",)),
        ):
            unit.versions.add(version)
            for lun, digest in enumerate(digests, start=-1):
                unit.versions.add_disk(VersionDisk(version_id=version.id, lun=lun, size=1, digest=digest))
            for region in regions:
                unit.versions.add_replica(Replica(version_id=version.id, region=region))
        unit.commit()
        assert unit.versions.shared(one.id) == {"brazilsouth": {"b"}, "eastus": {"a", "b"}}
        assert unit.versions.shared(two.id) == {"brazilsouth": {"b"}, "eastus": {"b"}}
        assert unit.versions.shared(three.id) == {"eastus": {"a"}}
        assert unit.versions.shared("nothing") == {}


def test_disks_and_replicas_go_with_their_version(db: SqlDatabase) -> None:
    version = samples.version(samples.definition(samples.gallery()))
    replica = Replica(version_id=version.id, region="eastus")
    with db() as unit:
        unit.versions.add(version)
        unit.versions.add_disk(VersionDisk(version_id=version.id, lun=-1, size=1))
        unit.versions.add_replica(replica)
        unit.commit()
        unit.versions.remove(version)
        unit.versions.remove_replica(replica)  # gone already, and no harm done
        unit.commit()
    with db(reading=True) as unit:
        assert unit.versions.disks(version.id) == []
        assert unit.versions.find_replica(version.id, "eastus") is None


def test_accounts_know_their_gallery_and_choices(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    image = samples.definition(gallery)
    account = samples.account(gallery_id=gallery.id)
    with db() as unit:
        unit.galleries.add(gallery)
        unit.definitions.add(image)
        unit.accounts.add(account)
        unit.accounts.add(samples.account("other"))
        unit.accounts.add_choice(ImageSwitch(account_id=account.id, definition_id=image.id, enabled=False))
        unit.commit()
        assert unit.accounts.with_gallery(gallery.id) == [account]
        assert unit.accounts.find_choice(account.id, "other") is None
        choice = unit.accounts.find_choice(account.id, image.id)
        assert choice
        assert unit.accounts.choices(account.id) == [choice]
        unit.definitions.remove(image)
        unit.commit()
    with db(reading=True) as unit:
        assert unit.accounts.choices(account.id) == []


def test_labs_and_machines_are_found_by_what_they_belong_to(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    image = samples.definition(gallery)
    version, account = samples.version(image), samples.account()
    lab = samples.lab(account, version)
    first = samples.machine(lab, 22001)
    second = samples.machine(lab, 22002, region="eastus", created_at=samples.NOW + timedelta(seconds=1))
    with db() as unit:
        unit.versions.add(version)
        unit.accounts.add(account)
        unit.labs.add(lab)
        unit.machines.add(second)
        unit.machines.add(first)
        unit.commit()
        assert unit.labs.of_version(version.id) == [lab]
        assert (unit.labs.count_of_version(version.id), unit.labs.count_of_version("other")) == (1, 0)
        assert (unit.labs.count_of_definition(image.id), unit.labs.count_of_definition("other")) == (1, 0)
        assert unit.labs.of_account(account.id) == [lab]
        assert unit.machines.of_lab(lab.id) == [first, second]
        assert unit.machines.ids() == {first.id, second.id}
        assert unit.machines.in_region("eastus") == [second]
        assert unit.machines.contents("eastus") == {second.base_digest}
        assert unit.machines.ports() == {22001, 22002}
        first.state, second.state = MachineState.STOPPING, MachineState.STOPPED
        unit.flush()
        settled = [(each.machine, each.state) for each in unit.machines.settled()]
        assert settled == [(Machine(id=second.id, region="eastus"), MachineState.STOPPED)]
        unit.machines.add(samples.machine(lab, 22001))
        with pytest.raises(Conflict, match="This SSH port is given away already"):
            unit.flush()


def test_people_are_found_in_any_case(db: SqlDatabase) -> None:
    ana, bia = samples.principal("Ana"), samples.principal("bia")
    with db() as unit:
        unit.people.add(bia)
        unit.people.add(ana)
        unit.commit()
        assert unit.people.find_by_name("aNA") is ana
        assert unit.people.all() == [ana, bia]
        ana.name = "Anna"
        unit.commit()
        assert unit.people.find_by_name("ana") is None
        assert unit.people.find_by_name("ANNA") is ana
        unit.people.add(samples.principal("BIA"))
        with pytest.raises(Conflict, match="This principal exists already"):
            unit.flush()


def test_an_assignment_is_given_once_and_goes_with_the_person(db: SqlDatabase) -> None:
    ana = samples.principal()
    owner, reader = samples.assignment(ana), samples.assignment(ana, "Reader", "/subscriptions/x")
    with db() as unit:
        unit.people.add(ana)
        unit.people.add_assignment(owner)
        unit.people.add_assignment(reader)
        unit.commit()
        assert unit.people.assignments(ana.id) == unit.people.all_assignments() == [owner, reader]
        unit.people.remove_assignment(reader)
        unit.people.remove(ana)
        unit.commit()
        assert unit.people.all_assignments() == []
    bia = samples.principal("bia")
    with db() as unit:
        unit.people.add(bia)
        unit.people.add_assignment(samples.assignment(bia))
        unit.people.add_assignment(samples.assignment(bia))
        with pytest.raises(Conflict, match="This role assignment exists already"):
            unit.commit()


def test_refresh_tokens_are_listed_by_family_person_and_end(db: SqlDatabase) -> None:
    ana = samples.principal()
    first = samples.refresh_token(ana, "f1")
    later = samples.NOW + timedelta(hours=1)
    second = samples.refresh_token(ana, "f1", issued_at=later, expires_at=later)
    other = samples.refresh_token(ana, "f2", issued_at=later + timedelta(hours=1), expires_at=later)
    with db() as unit:
        unit.people.add(ana)
        for token in (other, second, first):
            unit.refresh_tokens.add(token)
        unit.commit()
        assert unit.refresh_tokens.of_family("f1") == [first, second]
        assert unit.refresh_tokens.of_principal(ana.id) == [first, second, other]
        assert unit.refresh_tokens.expired(later) == [first]


def test_unsettled_operations_come_oldest_first(db: SqlDatabase) -> None:
    second = samples.operation(created_at=samples.NOW + timedelta(seconds=1), status=OperationStatus.IN_PROGRESS)
    first = samples.operation(subject="other")
    done = samples.operation(status=OperationStatus.SUCCEEDED)
    with db() as unit:
        for each in (second, first, done):
            unit.operations.add(each)
        assert unit.operations.unsettled() == [first, second]
        assert unit.operations.running_on("subject") == [second]
        second.status = OperationStatus.FAILED
        assert unit.operations.running_on("subject") == []


def test_recent_operations_and_events_come_newest_first_from_below_a_key(db: SqlDatabase) -> None:
    with db() as unit:
        for second in range(5):
            at = samples.NOW + timedelta(seconds=second)
            unit.operations.add(samples.operation(created_at=at, subject=str(second)))
            unit.audit.add(samples.event(at=at, detail=str(second)))
        unit.operations.add(samples.operation(samples.GROUP + "2/x"))
        unit.audit.add(samples.event(samples.GROUP + "2"))
        unit.commit()
    key = samples.GROUP.lower()
    with db(reading=True) as unit:
        assert [each.subject for each in unit.operations.recent(below=key, limit=2)] == ["4", "3"]
        assert [each.detail for each in unit.audit.recent(below=key, limit=2)] == ["4", "3"]
        assert len(unit.operations.recent(below=key)) == len(unit.audit.recent(below=key)) == 5
        assert len(unit.operations.recent()) == len(unit.audit.recent()) == 6


def test_steps_come_by_position_and_go_with_their_operation(db: SqlDatabase) -> None:
    operation = samples.operation()

    def step(position: int, name: str, region: str = "") -> OperationStep:
        at = samples.NOW
        return OperationStep(
            operation_id=operation.id, position=position, name=name, region=region, started_at=at, updated_at=at
        )

    with db() as unit:
        unit.operations.add(operation)
        for each in (step(2, "copy", "b"), step(2, "copy", "a"), step(1, "read")):
            unit.operations.add_step(each)
        unit.commit()
        found = [(each.name, each.region) for each in unit.operations.steps(operation.id)]
        assert found == [("read", ""), ("copy", "a"), ("copy", "b")]
        assert unit.operations.find_step(operation.id, "copy", "b")
        assert unit.operations.find_step(operation.id, "copy", "c") is None
        unit.operations.remove(operation)
        unit.commit()
        assert unit.operations.steps(operation.id) == []


def retained() -> dict[str, Any]:
    return {"retention": Retention.SOFT_DELETED, "hard_deletion_at": samples.NOW}


def replica(region: str, **fields: Any) -> Replica:
    return Replica(**{"version_id": "", "region": region, "state": ReplicaState.COMPLETED} | fields)


def copies(*regions: str, **excluded: bool) -> list[Replica]:
    return [replica(region, exclude_from_latest=excluded.get(region)) for region in regions]
