"""Addresses as they are copied out of mail programs and spreadsheets: cleaned where that is certain, else refused."""

import itertools
import unicodedata

import pytest

from galeria.domain.errors import Invalid
from galeria.domain.labs.addresses import address_key, email_address

ANA = "Ana.Silva+lab@example.org"
HIDDEN = ("\ufeff", "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\u200e", "\u202a")
WRAPPED = (
    "<{}>",
    "({})",
    "[{}]",
    '"{}"',
    "'{}'",
    "“{}”",
    "‘{}’",
    "«{}»",
    "mailto:{}",
    "Ana Silva <{}>",
    '"Silva, Ana" <{}>',
)
ENDED = ("{};", "{},", "{} ;", "\t{}\r\n", " {} ", "\xa0{}", "{}.", ";{}|", "{};;,")


@pytest.mark.parametrize("text", [ANA, "a@b.io", "o'hara@example.org", "joão@exemplo.br", "ana_1-x@sub.example.org"])
def test_an_address_is_taken_as_it_is(text: str) -> None:
    assert email_address(text) == text


@pytest.mark.parametrize("form", [*WRAPPED, *ENDED])
def test_what_encloses_or_ends_an_address_is_taken_away(form: str) -> None:
    assert email_address(form.format(ANA)) == ANA


@pytest.mark.parametrize(("wrap", "end"), list(itertools.product(WRAPPED, ENDED)))
def test_so_is_one_around_the_other_and_what_is_not_to_be_seen(wrap: str, end: str) -> None:
    for mark in HIDDEN:
        assert email_address(mark + end.format(wrap.format(f"{mark}{ANA}")) + mark) == ANA
        assert email_address(wrap.format(end.format(ANA.replace("@", f"{mark}@")))) == ANA


def test_an_address_that_a_mail_program_repeats_is_one() -> None:
    assert email_address(f"{ANA} <{ANA.lower()}>") == ANA


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("ana@example.org, bia@example.org", ["ana@example.org", "bia@example.org"]),
        ("Ana;ana@example.org", ["Ana", "ana@example.org"]),
        ("ana@example.org\tRoom 3", ["ana@example.org", "Room", "3"]),
        ("ana@example.org <bia@example.org>", ["ana@example.org", "bia@example.org"]),
        ('"ana@example.org","bia@example.org"', ["ana@example.org", "bia@example.org"]),
        ("ana@example.org\nbia@example.org", ["ana@example.org", "bia@example.org"]),
        ("a b@example.org", ["a", "b@example.org"]),
    ],
)
def test_two_fields_in_one_entry_are_refused_by_name(text: str, fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        email_address(text)
    assert all(each in str(refused.value.message) for each in fields)
    assert "several fields" in str(refused.value.message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "a@b.c",
        "@example.org",
        "a@b@c.org",
        "x" * 250 + "@a.org",
        '"ana@example.org',
        "ana@exa<mple.org",
        "<>",
        "\ufeff",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="no e-mail address"):
        email_address(text)


def test_one_address_is_one_person_however_it_is_written() -> None:
    decomposed = unicodedata.normalize("NFD", "JOÃO@exemplo.br")
    assert address_key(email_address(decomposed)) == address_key("joão@EXEMPLO.br")
