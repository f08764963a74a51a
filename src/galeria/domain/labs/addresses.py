"""E-mail addresses of a roster, as people copy them out of mail programs, spreadsheets and lists.

What is certainly not meant is taken away: marks that are not to be seen, brackets, quotes and separators around the address.
An entry with two fields is refused, because nobody knows which was meant.
"""

import re
import unicodedata

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

# One '@' with something on both sides; none of what separates or encloses addresses. 6 to 254 characters is the Lab
# Services API's own limit.
_PART = r"[^@\s\x00-\x1f\x7f<>()\[\]{}\"',;:\\|`“”„«»‘]+"
_ADDRESS = re.compile(rf"{_PART}(?:'{_PART})*@{_PART}")  # an apostrophe only within, as in o'hara@example.org
_SHORTEST, _LONGEST = 6, 254
_NAMED = re.compile(r"(?P<name>[^<>@]*)<(?P<address>[^<>]*)>")  # "Ana Silva" <ana@example.org>
_ENCLOSING = ("<>", "()", "[]", "{}", '""', "''", "“”", "„“", "‘’", "«»", "``")
_SEPARATORS = ",;|"
_EDGES = _SEPARATORS + " \t\r\n\xa0\u3000"
_FIELDS = re.compile(rf"[\s{_SEPARATORS}]+")
_SCHEME = "mailto:"


def email_address(text: str, target: str = "properties.email") -> str:
    """Returns the address that the entry means, in Unicode's composed form.

    Raises Invalid for two fields, which it names, and unless the address has one '@' and 6 to 254 characters.
    """
    address = _bare(_visible(text))
    if not _ADDRESS.fullmatch(address):
        fields = [each for each in (_bare(part) for part in _FIELDS.split(address)) if each]
        if len(fields) > 1:
            if len({address_key(each) for each in fields}) == 1 and _ADDRESS.fullmatch(fields[0]):
                return email_address(fields[0], target)
            raise _two_fields(fields, target)
    if not _SHORTEST <= len(address) <= _LONGEST or not _ADDRESS.fullmatch(address):
        raise Invalid(
            Message("'{text}' is no e-mail address.", text=text[:_LONGEST]),
            hint=Message("Give one of 6 to 254 characters, such as ana@example.org."),
            target=target,
        )
    return address


def address_key(address: str) -> str:
    """Returns the form in which addresses are compared: one person is one user, however the address is written."""
    return unicodedata.normalize("NFC", address).lower()


def is_address(text: str) -> bool:
    """Tells whether the text is an address as it stands."""
    return _ADDRESS.fullmatch(text) is not None


def _visible(text: str) -> str:
    """Returns the text without what is not to be seen: byte order marks, zero-width characters, marks of direction."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(char for char in composed if unicodedata.category(char) != "Cf")


def _bare(text: str) -> str:
    """Takes away what encloses or ends an address, layer by layer; also a name before it and the scheme of a link."""
    while True:
        bare = text.strip(_EDGES).rstrip(_EDGES + ".")
        named = _NAMED.fullmatch(bare)
        if named:
            bare = named["address"]
        elif bare[:1] + bare[-1:] in _ENCLOSING and len(bare) > 1:
            bare = bare[1:-1]
        if bare[: len(_SCHEME)].lower() == _SCHEME:
            bare = bare[len(_SCHEME) :]
        if bare == text:
            return bare
        text = bare


def _two_fields(fields: list[str], target: str) -> Invalid:
    return Invalid(
        Message("One entry has several fields: {fields}.", fields=[each[:_LONGEST] for each in fields[:5]]),
        hint=Message("Give one e-mail address for each entry, and nothing else beside it."),
        target=target,
    )
