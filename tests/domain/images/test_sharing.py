"""Whom a gallery may be shared with, and how that may change."""

import pytest

from galeria.domain.errors import Conflict, Invalid
from galeria.domain.images.sharing import (
    GroupKind,
    Permissions,
    added,
    changed_permissions,
    check_community,
    guids,
    removed,
)

ONE, TWO = "00000000-0000-0000-0000-00000000000A", "00000000-0000-0000-0000-00000000000b"


def test_ids_are_guids_in_any_case_each_once() -> None:
    assert guids([ONE, ONE.lower(), TWO]) == [ONE.lower(), TWO]
    with pytest.raises(Invalid, match="'ana' is not the id"):
        guids(["ana"])


def test_adding_and_removing_may_be_repeated() -> None:
    held = added(added([], [ONE], GroupKind.TENANTS), [ONE, TWO], GroupKind.TENANTS)
    assert held == [ONE.lower(), TWO]
    assert removed(removed(held, [ONE]), [ONE.lower()]) == [TWO]


@pytest.mark.parametrize(("kind", "most"), [(GroupKind.SUBSCRIPTIONS, 30), (GroupKind.TENANTS, 5)])
def test_there_is_a_limit_for_each_kind(kind: GroupKind, most: int) -> None:
    ids = [f"00000000-0000-0000-0000-{number:012}" for number in range(most + 1)]
    held = added([], ids[:most], kind)
    assert added(held, ids[:1], kind) == held
    with pytest.raises(Invalid, match=f"at most {most}"):
        added(held, ids[most:], kind)


def test_private_and_groups_change_into_each_other_while_nothing_is_shared() -> None:
    private, groups, community = Permissions.PRIVATE, Permissions.GROUPS, Permissions.COMMUNITY
    assert changed_permissions(private, groups, is_shared=False) is groups
    assert changed_permissions(groups, private, is_shared=False) is private
    assert changed_permissions(community, community, is_shared=False) is community
    with pytest.raises(Conflict, match="share reset"):
        changed_permissions(groups, private, is_shared=True)
    for now, to in ((private, community), (community, private), (groups, community)):
        with pytest.raises(Invalid, match="is not allowed"):
            changed_permissions(now, to, is_shared=False)


def test_a_publisher_says_how_to_be_reached_and_how_the_name_begins() -> None:
    whole = {"publisherContact": "ana@campus.example", "publicNamePrefix": "campus"}
    check_community(whole)
    for missing in whole:
        with pytest.raises(Invalid, match=missing):
            check_community({name: text for name, text in whole.items() if name != missing})
    with pytest.raises(Invalid, match="cannot begin a public name"):
        check_community({**whole, "publicNamePrefix": "a/b"})
