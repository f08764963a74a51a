"""Version numbers, and which version "latest" is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galeria.domain.errors import Invalid
from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.galleries import FIRST_VERSION, Replica, VersionNumber
from galeria.domain.states import ProvisioningState, ReplicaState
from tests.domain.images.image_values import NOW, being_made, facts, latest, version

LARGEST = 2**31 - 1
number = st.builds(VersionNumber, *[st.integers(0, LARGEST)] * 3)


@given(number)
def test_a_number_is_parsed_back_from_its_text(wanted: VersionNumber) -> None:
    assert VersionNumber.parse(str(wanted)) == wanted


@given(number, number)
def test_numbers_are_ordered_part_by_part(one: VersionNumber, other: VersionNumber) -> None:
    parts = [(each.major, each.minor, each.patch) for each in (one, other)]
    assert (one < other) == (parts[0] < parts[1])
    assert (one >= other) == (parts[0] >= parts[1])


def test_ten_is_more_than_nine() -> None:
    assert VersionNumber.parse("1.10.0") > VersionNumber.parse("1.9.0")
    assert VersionNumber.parse("2.0.0") > VersionNumber.parse("1.99.99")


def test_the_first_is_1_0_0_and_the_next_has_a_higher_patch() -> None:
    """Decision 5."""
    assert str(FIRST_VERSION) == "1.0.0"
    assert str(VersionNumber.parse("1.2.9").next_patch) == "1.2.10"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "01.0.0",
        "1.00.0",
        "1.0.00",
        "-1.0.0",
        "1.0.x",
        "1.0.0 ",
        "1.0.0\n",
        "latest",
        "1٠.0.0",
    ],
)
def test_anything_else_is_no_version(text: str) -> None:
    with pytest.raises(Invalid, match="is not a version"):
        VersionNumber.parse(text)


def test_each_part_is_at_most_a_32_bit_number() -> None:
    assert VersionNumber.parse(f"{LARGEST}.{LARGEST}.{LARGEST}").patch == LARGEST
    for text in (f"{LARGEST + 1}.0.0", f"0.{LARGEST + 1}.0", f"0.0.{LARGEST + 1}", "0.0.99999999999"):
        with pytest.raises(Invalid):
            VersionNumber.parse(text)


def test_latest_is_numeric() -> None:
    assert latest(facts(version("1.9.0")), facts(version("1.10.0")), facts(version("1.2.0"))) == "1.10.0"


def test_there_may_be_none() -> None:
    assert latest() is None


def test_the_regional_flag_wins_over_the_global_one() -> None:
    hidden = version("3.0.0", exclude_from_latest=True)
    shown = version("2.0.0")
    old = facts(version("1.0.0"))
    assert latest(facts(hidden), facts(shown), old) == "2.0.0"
    assert latest(facts(hidden, flags={"brazilsouth": False}), facts(shown), old) == "3.0.0"
    assert latest(facts(hidden), facts(shown, flags={"brazilsouth": True}), old) == "1.0.0"
    assert latest(facts(shown, flags={"westeurope": True}), old) == "2.0.0"


@pytest.mark.parametrize("state", [ReplicaState.PENDING, ReplicaState.REPLICATING, ReplicaState.FAILED])
def test_an_unreplicated_version_is_not_the_latest_of_that_region(state: ReplicaState) -> None:
    newer = facts(version("2.0.0"), {"brazilsouth": ReplicaState.COMPLETED, "westeurope": state})
    older = facts(version("1.0.0"), dict.fromkeys(("brazilsouth", "westeurope"), ReplicaState.COMPLETED))
    assert latest(newer, older, region="westeurope") == "1.0.0"
    assert latest(newer, older) == "2.0.0"
    assert latest(newer, older, region="northeurope") is None


def test_what_is_not_whole_or_on_its_way_out_is_never_the_latest() -> None:
    old = facts(version("1.0.0"))
    assert latest(facts(being_made("2.0.0")), old) == "1.0.0"
    assert latest(facts(version("2.0.0", sealed=False, state=ProvisioningState.FAILED)), old) == "1.0.0"
    assert latest(facts(version("2.0.0", state=ProvisioningState.DELETING)), old) == "1.0.0"
    assert latest(facts(version("2.0.0", deleted_at=NOW)), old) == "1.0.0"


@st.composite
def some_versions(draw: st.DrawFn) -> list[VersionFacts]:
    flag = st.none() | st.booleans()
    found = []
    for patch in draw(st.lists(st.integers(0, 30), unique=True, max_size=8)):
        one = version(
            f"1.0.{patch}",
            sealed=draw(st.booleans()),
            state=draw(st.sampled_from(ProvisioningState)),
            exclude_from_latest=draw(st.booleans()),
            deleted_at=draw(st.none() | st.just(NOW)),
        )
        regions = draw(st.dictionaries(st.sampled_from(("a", "b")), st.sampled_from(ReplicaState)))
        found.append(facts(one, regions, flags={region: f for region in regions if (f := draw(flag)) is not None}))
    return found


@given(some_versions())
def test_the_latest_is_always_the_highest_of_those_that_may_be_used(given: list[VersionFacts]) -> None:
    def may_be_used(each: VersionFacts) -> bool:
        here = [replica for replica in each.replicas if replica.region == "a"]
        if not here or here[0].state is not ReplicaState.COMPLETED:
            return False
        regional = here[0].exclude_from_latest
        hidden = each.version.exclude_from_latest if regional is None else regional
        gone = each.version.deleted_at is not None or each.version.state is ProvisioningState.DELETING
        return each.version.published_at is not None and not gone and not hidden

    usable = [each.version.number for each in given if may_be_used(each)]
    expected = str(max(usable)) if usable else None
    assert latest(*given, region="a") == expected
    assert latest(*reversed(given), region="a") == expected


def test_a_replica_says_100_percent_only_when_it_is_complete() -> None:
    replica = Replica(version_id="v", region="a", state=ReplicaState.REPLICATING)
    assert replica.progress == 0
    replica.bytes_done, replica.bytes_total = 1000, 1000
    assert replica.progress == 99
    replica.bytes_done = 500
    assert replica.progress == 50
    replica.state = ReplicaState.COMPLETED
    assert replica.progress == 100
