"""Resource ids are parsed and printed without loss, and the rules of names hold at their edges."""

import re
import string
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from galeria.actions.core.request import Stamps
from galeria.domain.errors import Invalid
from galeria.domain.ids import (
    COMPUTE,
    ResourceId,
    definition_name,
    gallery_name,
    group_name,
    lab_name,
    location_name,
    password,
    proposed_name,
    user_name,
)
from galeria.domain.resources import Resource

# What from_regex would draw of [A-Za-z0-9][A-Za-z0-9._-]{0,20}, but much faster.
LETTERS = string.ascii_letters + string.digits
segment = st.builds(str.__add__, st.sampled_from(LETTERS), st.text(LETTERS + "._-", max_size=20))
pairs = st.lists(st.tuples(segment, segment), min_size=1, max_size=4)
ids = st.builds(
    lambda subscription, group, namespace, path: ResourceId(
        subscription, group, namespace, tuple(part for pair in path for part in pair)
    ),
    segment,
    segment,
    segment,
    pairs,
)


@given(ids)
def test_what_is_printed_is_parsed_back(id: ResourceId) -> None:
    assert ResourceId.parse(str(id)) == id
    assert ResourceId.parse(f"{id}/") == id


@given(ids)
def test_ids_compare_without_case_and_keep_the_callers_spelling(id: ResourceId) -> None:
    shouted = ResourceId.parse(str(id).upper())
    assert shouted.key == id.key
    assert ResourceId.parse(shouted.key).key == id.key
    assert shouted.name == id.name.upper()


@given(ids)
def test_a_resource_says_its_name_and_type_as_its_id_does(id: ResourceId) -> None:
    now = datetime.now(UTC)
    made = Stamps(created_at=now, created_by="ana", modified_at=now, modified_by="ana")
    resource = Resource(id="1", resource_id=str(id), key=id.key, location="brazilsouth", **made)
    assert (resource.name, resource.type) == (id.name, id.type)


@given(ids, segment, segment)
def test_a_child_knows_its_parent(id: ResourceId, kind: str, name: str) -> None:
    child = id.child(kind, name)
    assert (child.parent, child.name) == (id, name)
    assert child.type == f"{id.type}/{kind}"
    assert child.key.startswith(id.key + "/")


def test_the_parent_of_a_top_level_resource_is_its_group() -> None:
    group = ResourceId("s", "g")
    gallery = group.resource(COMPUTE, "galleries", "gal")
    assert str(gallery) == "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/gal"
    assert gallery.parent == group
    assert (group.name, gallery.type) == ("g", "Microsoft.Compute/galleries")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/subscriptions/s",
        "/subscriptions/s/resourceGroups",
        "/subscriptions/s/resourceGroups/g/providers",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/gal/images",
        "/subscriptions//resourceGroups/g",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries//images/i",
        "/somewhere/s/resourceGroups/g",
    ],
)
def test_half_an_id_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not a whole resource id"):
        ResourceId.parse(text)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (gallery_name, ["a", "9", "a_b.c", "x" * 80], ["", "a-b", "_a", "a.", "a b", "x" * 81, "á", "a\n", "a/b"]),
        (definition_name, ["a", "a-b_c.d", "x" * 80], ["", "-a", "a-", "x" * 81, "a b", "ção", "a\n", "..", "a/b"]),
        (lab_name, ["a", "a1", "A-b_c.d", "x" * 100], ["", "1a", "a-", "x" * 101, "a b", "á", "a\n"]),
        (group_name, ["a", "(a)-b_c.d", "x" * 90, "ensino-médio"], ["", "a.", "x" * 91, "a/b", "a b", "a\n"]),
        (
            user_name,
            ["a", "_a", "ana-1", "x" * 20],
            ["", "1a", "-a", "Ana", "x" * 21, "a b", "á", "root", "a:b", "a\n"],
        ),
        (location_name, ["brazilsouth", "Brazil South"], ["", "a/b", "x" * 101]),
    ],
)
def test_names_hold_to_their_rules_at_the_edges(check: Callable[[str], str], good: list[str], bad: list[str]) -> None:
    for name in good:
        check(name)
    for name in bad:
        with pytest.raises(Invalid) as refused:
            check(name)
        assert refused.value.hint


def test_a_region_is_found_by_either_spelling() -> None:
    assert location_name("Brazil South") == location_name("BRAZILSOUTH") == "brazilsouth"


@pytest.mark.parametrize("good", ["abcdeF1x", "abcdef1-", "ABCDEF1 ", "Abcdefg-", "aA1" * 41])
def test_a_password_has_three_of_four_classes(good: str) -> None:
    """Decision 7."""
    assert password(good) == good


@pytest.mark.parametrize("bad", ["", "abcdF1-", "abcdefgh", "abcdefgH", "12345678a", "aA1" * 41 + "x", "abcdeF1\n"])
def test_a_weak_or_unfit_password_is_refused_without_repeating_it(bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        password(bad)
    assert not bad or bad not in str(refused.value)


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ("Álgebra — turma A", "Algebra-turma-A"),
        ("  Programação I  ", "Programacao-I"),
        ("v1.2_final", "v1.2_final"),
        ("...", "image"),
        ("日本語", "image"),
        ("a" * 100, "a" * 80),
        ("a" * 79 + " b", "a" * 79),
    ],
)
def test_a_resource_name_is_proposed_from_anything_readable(display: str, name: str) -> None:
    """Decision 6."""
    assert proposed_name(display) == name


def test_a_taken_name_gets_a_suffix_whatever_its_case_and_length() -> None:
    assert proposed_name("Algebra", frozenset({"ALGEBRA"})) == "Algebra-2"
    assert proposed_name("Algebra", frozenset({"algebra", "algebra-2", "algebra-3"})) == "Algebra-4"
    assert proposed_name("a" * 80, frozenset({"a" * 80})) == "a" * 78 + "-2"


@given(st.text(max_size=120), st.integers(0, 12))
@example("-" * 90, 3)
@example("a" + "-" * 78 + "b", 11)
def test_every_proposed_name_is_a_free_valid_name(display: str, rounds: int) -> None:
    taken: frozenset[str] = frozenset()
    for _ in range(rounds + 1):
        name = proposed_name(display, taken)
        assert definition_name(name) == name
        assert name.lower() not in {other.lower() for other in taken}
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,80}", name)
        taken |= {name}
