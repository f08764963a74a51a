"""Resource ids in the ARM form, and the rules of names.

    /subscriptions/{guid}/resourceGroups/{group}/providers/{namespace}/{type}/{name}/{child type}/{child name}…

Ids compare without regard to case; the caller's spelling is kept and given back (ARM resource provider contract).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

COMPUTE = "Microsoft.Compute"
LABS = "Microsoft.LabServices"

_GALLERY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._]{0,78}[A-Za-z0-9])?")
_DEFINITION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?")
_LAB = re.compile(r"[A-Za-z](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_GROUP = re.compile(r"[-\w.()]{0,89}[-\w()]")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,19}")
_PART = re.compile(r"[-\w.()\\]{1,100}", re.ASCII)
_LOCATION = re.compile(r"[-\w._]{1,100}")


@dataclass(frozen=True, slots=True)
class ResourceId:
    """One resource's full id. `segments` alternate type and name after the provider's namespace."""

    subscription: str
    group: str
    namespace: str = ""
    segments: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        if self.namespace:
            text += f"/providers/{self.namespace}/" + "/".join(self.segments)
        return text

    @property
    def key(self) -> str:
        """The form that ids are compared in."""
        return str(self).lower()

    @property
    def name(self) -> str:
        return self.segments[-1] if self.segments else self.group

    @property
    def type(self) -> str:
        """Such as Microsoft.Compute/galleries/images."""
        return "/".join((self.namespace, *self.segments[0::2]))

    @property
    def parent(self) -> "ResourceId":
        """The resource that this one is nested in; for a top-level resource its resource group."""
        if len(self.segments) > 2:
            return ResourceId(self.subscription, self.group, self.namespace, self.segments[:-2])
        return ResourceId(self.subscription, self.group)

    def child(self, type_name: str, name: str) -> "ResourceId":
        return ResourceId(self.subscription, self.group, self.namespace, (*self.segments, type_name, name))

    def resource(self, namespace: str, type_name: str, name: str) -> "ResourceId":
        """A top-level resource in the same resource group."""
        return ResourceId(self.subscription, self.group, namespace, (type_name, name))

    @classmethod
    @lru_cache(maxsize=8192)  # every resource that is shown is asked for its parts
    def parse(cls, text: str) -> "ResourceId":
        """Raises Invalid unless the text is a whole id of a resource group or a resource in one."""
        parts = text.strip().strip("/").split("/")
        heads = [part.lower() for part in parts]
        if len(parts) >= 4 and heads[0] == "subscriptions" and heads[2] == "resourcegroups" and all(parts):
            if len(parts) == 4:
                return cls(parts[1], parts[3])
            if heads[4] == "providers" and len(parts) >= 8 and len(parts) % 2 == 0:
                return cls(parts[1], parts[3], parts[5], tuple(parts[6:]))
        raise Invalid(
            Message("'{text}' is not a whole resource id.", text=text),
            hint=Message("Give it as /subscriptions/…/resourceGroups/…/providers/…/type/name."),
        )


def gallery_name(name: str) -> str:
    return _checked(
        name,
        _GALLERY,
        Message("gallery"),
        Message("1 to 80 letters, digits, '.' and '_', letter or digit at both ends"),
    )


def definition_name(name: str) -> str:
    rule = Message("1 to 80 letters, digits, '.', '_' and '-', letter or digit at both ends")
    return _checked(name, _DEFINITION, Message("image definition"), rule)


def lab_name(name: str) -> str:
    rule = Message("1 to 100 letters, digits, '.', '_' and '-', starting with a letter, ending with a letter or digit")
    return _checked(name, _LAB, Message("lab"), rule)


def part_name(name: str, kind: Message) -> str:
    """What lies in a lab: a user, a schedule. The Lab Services API's own pattern."""
    return _checked(name, _PART, kind, Message("1 to 100 letters, digits, '-', '_', '.', '(' and ')'"))


def group_name(name: str) -> str:
    return _checked(
        name,
        _GROUP,
        Message("resource group"),
        Message("1 to 90 letters, digits, '-', '_', '.', '(' and ')', no '.' at the end"),
    )


def user_name(name: str) -> str:
    """The account in a machine: Linux rules, at most 20 characters (mission, decision 7)."""
    rule = Message("1 to 20 lower-case letters, digits, '-' and '_', starting with a letter or '_'")
    name = _checked(name, _USER, Message("user"), rule)
    if name in {"root", "daemon", "bin", "sys", "nobody"}:
        raise Invalid(
            Message("The user name '{name}' belongs to the system.", name=name),
            hint=Message("Choose another user name."),
        )
    return name


def password(text: str) -> str:
    """8 to 123 characters with three of the four classes (mission, decision 7)."""
    classes = [any(c.islower() for c in text), any(c.isupper() for c in text), any(c.isdigit() for c in text)]
    classes.append(any(not c.isalnum() for c in text))
    if not 8 <= len(text) <= 123 or sum(classes) < 3 or any(ord(c) < 32 for c in text):
        raise Invalid(
            Message("The password is too weak."),
            hint=Message("Use 8 to 123 characters with three of: lower case, upper case, digit, other character."),
            target="password",
        )
    return text


def location_name(text: str) -> str:
    """Region names are compared without spaces and in lower case: "Brazil South" is brazilsouth."""
    name = text.replace(" ", "").lower()
    return _checked(name, _LOCATION, Message("region"), Message("letters and digits"))


def proposed_name(display_name: str, taken: frozenset[str] = frozenset()) -> str:
    """A resource name made from anything readable: accents dropped, spaces to dashes, a suffix where it is taken.

    >>> proposed_name("Álgebra — turma A")
    'Algebra-turma-A'
    """
    plain = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:80].rstrip("-._") or "image"
    lowered = {other.lower() for other in taken}
    candidate, number = name, 2
    while candidate.lower() in lowered:
        suffix = f"-{number}"
        candidate, number = name[: 80 - len(suffix)].rstrip("-._") + suffix, number + 1
    return candidate


def _checked(name: str, rule: re.Pattern[str], kind: Message, words: Message) -> str:
    if not rule.fullmatch(name):
        raise Invalid(
            Message("'{name}' cannot be the name of a {kind}.", name=name, kind=kind),
            hint=Message("Allowed are {words}.", words=words),
            target="name",
        )
    return name
