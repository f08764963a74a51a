"""Every image is shown; one that cannot make a lab says every reason, each with its remedy."""

import pytest

from galeria.domain.images.eligibility import ImageEligibility, VersionFacts, version_obstacles
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.states import ProvisioningState, ReplicaState
from galeria.domain.units import GB
from tests.domain.images.image_values import NOW, account, being_made, definition, eligibility_of, facts, version

BOTH = dict.fromkeys(("brazilsouth", "westeurope"), ReplicaState.COMPLETED)


def offered(
    *given: VersionFacts, to: LabAccount | None = None, enabled: bool = True, region: str = "brazilsouth"
) -> ImageEligibility:
    return eligibility_of(to or account(), definition(), list(given), enabled=enabled, region=region)


def codes(found: ImageEligibility) -> list[str]:
    for obstacle in found.obstacles:
        assert obstacle.reason.endswith(".")
        assert obstacle.cure.endswith(".")
    return [obstacle.code for obstacle in found.obstacles]


def test_a_usable_image_says_which_version_a_new_lab_gets() -> None:
    found = offered(facts(version("1.9.0"), BOTH), facts(version("1.10.0")))
    assert found.is_usable
    assert found.version is not None
    assert found.version.name == "1.10.0"
    assert found.available_regions == ("brazilsouth", "westeurope")


def test_every_obstacle_has_its_own_word() -> None:
    assert codes(offered()) == ["NoVersion"]
    assert codes(offered(facts(version()), enabled=False)) == ["Disabled"]
    assert codes(offered(facts(version(), disks=(GB, GB)))) == ["MultipleDisks"]
    assert codes(offered(facts(version(), disks=(200 * GB,)))) == ["OsDiskTooLarge"]
    assert codes(offered(facts(being_made(), {"brazilsouth": ReplicaState.PENDING}))) == ["BeingMade"]
    assert codes(offered(facts(version(exclude_from_latest=True)))) == ["ExcludedFromLatest"]
    assert codes(offered(facts(version()), region="westeurope")) == ["NotInRegion"]
    failed = version(sealed=False, state=ProvisioningState.FAILED)
    assert codes(offered(facts(failed, {"brazilsouth": ReplicaState.PENDING}))) == ["NoUsableVersion"]


def test_windows_is_offered() -> None:
    found = eligibility_of(
        account(), definition(OsType.WINDOWS), [facts(version())], enabled=True, region="brazilsouth"
    )
    assert codes(found) == []


def test_all_reasons_are_reported_at_once() -> None:
    found = eligibility_of(
        account(),
        definition(OsType.WINDOWS),
        [facts(version(), disks=(128 * GB, GB, GB))],
        enabled=False,
        region="brazilsouth",
    )
    assert codes(found) == ["Disabled", "OsDiskTooLarge", "MultipleDisks"]
    assert found.obstacles[1].reason == "The OS disk has 128 GB; labs here take less than 128 GB."
    assert found.obstacles[2].reason == "The image has 3 disks; a lab machine has one."


@pytest.mark.parametrize(
    ("limit", "size", "fits"),
    [
        (128, 128 * GB - 1, True),
        (128, 128 * GB, False),
        (128, 128 * GB + 1, False),
        (256, 200 * GB, True),
        (30, 30 * GB, False),
        (30, 30 * GB - 512, True),
    ],
)
def test_an_os_disk_is_strictly_under_the_accounts_limit(limit: int, size: int, fits: bool) -> None:
    """Decision 2."""
    assert offered(facts(version(), disks=(size,)), to=account(os_disk_limit_gb=limit)).is_usable is fits


def test_the_limit_is_128_gb_until_an_administrator_says_otherwise() -> None:
    assert account().os_disk_limit == 128 * GB


def test_a_region_that_lacks_the_image_names_those_that_have_it() -> None:
    found = offered(facts(version(), BOTH), region="northeurope")
    assert found.obstacles[0].reason == "The image is not in northeurope; it is in brazilsouth, westeurope."
    assert found.version is None


def test_a_version_made_for_other_regions_is_nothing_to_wait_for() -> None:
    there = facts(version("1.0.0"), {"westeurope": ReplicaState.COMPLETED})
    coming = facts(being_made("1.0.1"), {"westeurope": ReplicaState.PENDING})
    assert codes(offered(there, coming)) == ["NotInRegion"]
    here = facts(being_made("1.0.1"), {"brazilsouth": ReplicaState.PENDING})
    assert codes(offered(there, here)) == ["BeingMade"]


def test_the_disks_of_the_version_that_a_lab_would_get_count() -> None:
    small, large = facts(version("1.0.0")), facts(version("1.1.0"), disks=(200 * GB,))
    assert codes(offered(small, large)) == ["OsDiskTooLarge"]
    assert offered(facts(version("2.0.0")), large).is_usable


def test_an_exact_version_may_be_one_that_is_excluded_from_latest() -> None:
    hidden = facts(version(exclude_from_latest=True))
    assert version_obstacles(account(), hidden, "brazilsouth") == ()


def test_an_exact_version_has_its_own_obstacles() -> None:
    def found(given: VersionFacts, region: str = "brazilsouth") -> list[str]:
        return [each.code for each in version_obstacles(account(), given, region)]

    assert found(facts(version(), disks=(128 * GB, GB))) == ["OsDiskTooLarge", "MultipleDisks"]
    assert found(facts(version()), "westeurope") == ["NotInRegion"]
    assert found(facts(being_made(), {"brazilsouth": ReplicaState.PENDING})) == ["BeingMade"]
    assert found(facts(version(state=ProvisioningState.DELETING))) == ["NoUsableVersion"]
    assert found(facts(version(deleted_at=NOW))) == ["NoUsableVersion"]


@pytest.mark.parametrize(
    ("here", "elsewhere", "expected"),
    [
        (ReplicaState.COMPLETED, ReplicaState.FAILED, []),
        (ReplicaState.PENDING, ReplicaState.COMPLETED, []),
        (ReplicaState.REPLICATING, ReplicaState.COMPLETED, []),
        (ReplicaState.FAILED, ReplicaState.COMPLETED, ["NotInRegion"]),
        (ReplicaState.REPLICATING, ReplicaState.REPLICATING, ["NoUsableVersion"]),
    ],
)
def test_an_exact_version_may_still_be_on_its_way(
    here: ReplicaState, elsewhere: ReplicaState, expected: list[str]
) -> None:
    given = facts(version(), {"brazilsouth": elsewhere, "westeurope": here})
    assert [each.code for each in version_obstacles(account(), given, "westeurope")] == expected
