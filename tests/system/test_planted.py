"""The table of secrets can be read as the rule that the test of secrets takes it for."""

import re
from pathlib import Path

import pytest

from tests.secret_search import Hit
from tests.system.planted import HASH, TABLE, Planted, misplaced, read_table

ROW = "| a-key | a key | `private/key` `$KEY` | SHA-256: `private/galeria.db*` | nobody | never | never |"


def test_every_kind_of_the_table_is_planted_somewhere() -> None:
    sources = Path(__file__).with_name("test_secrets.py").read_text(encoding="utf-8")
    sources += "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("planting*.py"))
    kinds = read_table(TABLE.read_text(encoding="utf-8"))
    assert len(kinds) > 20
    assert [kind for kind in kinds if f'"{kind}"' not in sources] == []


def test_every_row_says_how_its_secret_is_renewed_and_forgotten() -> None:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert {len(line.strip("|").split("|")) for line in lines} == {7}
    assert [line for line in lines if re.search(r"\|\s*\|", line)] == []


@pytest.mark.parametrize(
    ("name", "place", "is_right"),
    [
        ("a-key#0", "private/key", True),
        ("a-key#0", "$KEY", True),
        ("a-key#0", "private/key.new", False),
        ("a-key#0", "qemu-img $KEY", False),
        ("a-key#0", "private/galeria.db", False),
        (f"{HASH}a-key#0", "private/galeria.db-wal", True),
        (f"{HASH}a-key#0", "private/key", False),
        ("another#0", "private/key", False),
    ],
)
def test_a_place_is_right_for_its_kind_and_form_alone(name: str, place: str, is_right: bool) -> None:
    wrong = misplaced([(Hit(secret=name, place="/somewhere", form="raw"), place)], read_table(ROW))
    assert wrong == ([] if is_right else [f"{name} is at {place} (raw)"])


@pytest.mark.parametrize("row", [ROW.replace("`private/key` `$KEY`", "in a file"), f"{ROW}\n{ROW}"])
def test_a_row_without_a_place_and_a_second_row_are_refused(row: str) -> None:
    with pytest.raises(AssertionError, match="a-key"):
        read_table(row)


def test_what_is_planted_is_told_apart_by_kind_and_number() -> None:
    planted = Planted()
    first, second = planted.new("a-key"), planted.add("a-key", "another secret")
    planted.add_hash("a-key", "$6$salted")
    assert planted.of("a-key") == [first, second]
    assert planted.kinds() == {"a-key"}
    assert len(planted.texts) == 5
