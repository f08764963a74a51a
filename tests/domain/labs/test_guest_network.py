"""What machines may reach of the internet, as it is said and kept."""

import pytest

from galeria.domain.errors import Invalid
from galeria.domain.labs.guest_network import (
    MOST_NAMES,
    OPEN,
    PROFILE,
    Internet,
    NetworkPolicy,
    checked_profile,
    has_common_network,
    policy_of,
)


def test_what_is_kept_is_read_again() -> None:
    kept = checked_profile(Internet.NAMES, ["PyPI.org.", " pypi.org", "*.Debian.org"], "names")
    assert policy_of({PROFILE: kept}) == NetworkPolicy(internet=Internet.NAMES, names=("pypi.org", "*.debian.org"))
    assert policy_of({}) == OPEN


def test_machines_of_a_lab_are_closed_to_each_other_unless_the_plan_says_so() -> None:
    common = {PROFILE: checked_profile(Internet.CLOSED, [], "names", common=True)}
    assert has_common_network(common)
    assert policy_of(common, lab="one").lab == "one" != policy_of(common, lab="two").lab
    for profiles in ({}, {PROFILE: {"internet": "Open"}}, {PROFILE: checked_profile(Internet.OPEN, [], "names")}):
        assert not has_common_network(profiles)
        assert policy_of(profiles, lab="one").lab == ""


@pytest.mark.parametrize(
    "name", ["", "org", "*", "*.org.*", "-a.org", "a_b.org", "a..org", "http://a.org", "10.0.0.1/8", "é.org", "a" * 260]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as raised:
        checked_profile(Internet.NAMES, [name], "names")
    assert raised.value.target == "names"


def test_a_list_that_counts_has_names_and_not_too_many() -> None:
    assert checked_profile(Internet.CLOSED, [], "names")["internet"] == "Closed"
    with pytest.raises(Invalid, match="empty"):
        checked_profile(Internet.NAMES, [], "names")
    with pytest.raises(Invalid, match=str(MOST_NAMES + 1)):
        checked_profile(Internet.NAMES, [f"a{number}.example.org" for number in range(MOST_NAMES + 1)], "names")
