"""What guests, files and programs of others say is short, in one line, and steers nothing."""

import pytest

from galeria.domain.foreign_text import LONGEST, foreign_json, foreign_text, sorting_key


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain words", "plain words"),
        ("  two\nlines\tand a tab\r\n", "two lines and a tab"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]0;title\x07rest", "]0;titlerest"),
        ("nul\0bell\x07del\x7fc1\x9b", "nulbelldelc1"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("line\u2028separator\u2029and paragraph", "line separator and paragraph"),
        ("\ud800alone", "alone"),
        ("ação, ñ, 中文, e\u0301", "ação, ñ, 中文, e\u0301"),
        ("", ""),
        ("\0\x1b", ""),
    ],
)
def test_control_characters_go_and_letters_stay(said: str, shown: str) -> None:
    assert foreign_text(said) == shown


def test_a_long_remark_is_cut_and_says_so() -> None:
    shown = foreign_text("x" * 2_000_000)

    assert shown == "x" * (LONGEST - 1) + "…"


def test_a_remark_that_is_long_only_by_what_is_dropped_says_that_it_was_cut() -> None:
    assert foreign_text("\0" * 1_000_000 + "hidden") == "…"


def test_a_cut_at_a_given_length() -> None:
    assert foreign_text("one two three", longest=8) == "one two…"


def test_json_of_others_is_read() -> None:
    assert foreign_json(b'{"a": [1, "\\ud83d\\ude00"]}') == {"a": [1, "😀"]}


@pytest.mark.parametrize(
    "said",
    ["", "{", b"\xff", "[" * 100_000, '{"a":' * 100_000, '"\\ud800"', '{"\\udc00": 1}', '[["a\\ud83d"]]', "1" * 5000],
    ids=[
        "nothing",
        "half",
        "no UTF-8",
        "open lists",
        "open objects",
        "surrogate",
        "in a key",
        "half a sign",
        "long number",
    ],
)
def test_json_that_is_no_value_here_is_refused(said: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any kind of it: callers catch them all
        foreign_json(said)


def test_accents_and_capitals_do_not_decide_the_order() -> None:
    assert sorted(["Windows", "Álgebra", "algebra 2", "Zoo", "ção"], key=sorting_key) == [
        "Álgebra",
        "algebra 2",
        "ção",
        "Windows",
        "Zoo",
    ]
