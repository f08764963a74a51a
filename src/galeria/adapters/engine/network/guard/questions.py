"""Questions and answers of the name system (RFC 1035), as far as a forwarder needs to understand them."""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

HEADER = struct.Struct("!6H")
REFUSED, SERVER_FAILED, FINE = 5, 2, 0
A, AAAA, HTTPS = 1, 28, 65
_INTERNET = 1
_IS_ANSWER, _RECURSES = 0x8000, 0x0080
_WANTS_RECURSION = 0x0100
_OPCODE = 0x7800
_POINTER = 0xC0
_RECORD = struct.Struct("!HHIH")
_LONGEST_LABEL = 63
_MOST_JUMPS = 255


class NotUnderstoodError(Exception):
    """A message that is no question, or no answer to it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `end` is where it ends in the message."""

    id: int
    flags: int
    name: str  # in lower case, without a dot at its end
    type: int
    end: int


def read_question(message: bytes) -> Question:
    """Return the one question of a message. Raises NotUnderstoodError."""
    try:
        id, flags, questions, *_ = HEADER.unpack_from(message)
        if questions != 1 or flags & _OPCODE:
            raise NotUnderstoodError
        name, place = _name(message, HEADER.size)
        type, network = struct.unpack_from("!HH", message, place)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise NotUnderstoodError from error
    if network != _INTERNET:
        raise NotUnderstoodError
    return Question(id=id, flags=flags, name=name, type=type, end=place + 4)


def is_question(message: bytes) -> bool:
    return len(message) >= HEADER.size and not HEADER.unpack_from(message)[1] & _IS_ANSWER


def answered(message: bytes, question: Question, code: int) -> bytes:
    """Return an answer without any record, such as a refusal."""
    flags = _IS_ANSWER | _RECURSES | (question.flags & _WANTS_RECURSION) | code
    return HEADER.pack(question.id, flags, 1, 0, 0, 0) + message[HEADER.size : question.end]


def with_id(message: bytes, id: int) -> bytes:
    return struct.pack("!H", id) + message[2:]


def is_answer_to(message: bytes, question: Question, id: int) -> bool:
    """Return whether a name server's message answers this question, which was asked with `id`."""
    try:
        found = read_question(message)
    except NotUnderstoodError:
        return False
    return not is_question(message) and (found.id, found.name, found.type) == (id, question.name, question.type)


def addresses_in(message: bytes) -> list[tuple[str, int]]:
    """Return the IPv4 addresses of an answer, with the seconds for which they hold. Raises NotUnderstoodError."""
    try:
        count, place = HEADER.unpack_from(message)[3], read_question(message).end
        found = []
        for _ in range(count):
            _, place = _name(message, place)
            type, network, seconds, length = _RECORD.unpack_from(message, place)
            place += _RECORD.size
            if (type, network, length) == (A, _INTERNET, 4):
                found.append((str(IPv4Address(message[place : place + 4])), seconds))
            place += length
    except (struct.error, IndexError, ValueError) as error:
        raise NotUnderstoodError from error
    return found


def _name(message: bytes, place: int) -> tuple[str, int]:
    """Return the name at `place`, and the place behind it."""
    labels: list[str] = []
    behind = 0
    for _ in range(_MOST_JUMPS):
        length = message[place]
        if length & _POINTER == _POINTER:
            behind = behind or place + 2
            place = struct.unpack_from("!H", message, place)[0] & 0x3FFF
        elif length > _LONGEST_LABEL:
            raise NotUnderstoodError
        elif length == 0:
            return ".".join(labels), behind or place + 1
        else:
            labels.append(message[place + 1 : place + 1 + length].decode("ascii").lower())
            place += 1 + length
    raise NotUnderstoodError
