"""Resource ids in the form of Azure Resource Manager (ARM), and the rules of names.

    /subscriptions/{guid}/resourceGroups/{group}/providers/{namespace}/{type}/{name}/{child type}/{child name}…

Ids compare without regard to case; the caller's spelling is kept and given back (docs/rules.md, "Resource ids").
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
    """A whole id of a resource group or of a resource in one.

    `segments` alternate type and name after the provider's namespace.
    """

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
        """The lower-case form of the id, in which ids are compared."""
        return str(self).lower()

    @property
    def name(self) -> str:
        """The last name in the id: the resource's own, or the resource group's."""
        return self.segments[-1] if self.segments else self.group

    @property
    def type(self) -> str:
        """The resource type with its namespace, such as Microsoft.Compute/galleries/images."""
        return "/".join((self.namespace, *self.segments[0::2]))

    @property
    def parent(self) -> "ResourceId":
        """The resource that this one is nested in; for a top-level resource its resource group."""
        if len(self.segments) > 2:
            return ResourceId(self.subscription, self.group, self.namespace, self.segments[:-2])
        return ResourceId(self.subscription, self.group)

    def child(self, type_name: str, name: str) -> "ResourceId":
        """Returns the id of a resource nested in this one."""
        return ResourceId(self.subscription, self.group, self.namespace, (*self.segments, type_name, name))

    def resource(self, namespace: str, type_name: str, name: str) -> "ResourceId":
        """Returns the id of a top-level resource in the same resource group."""
        return ResourceId(self.subscription, self.group, namespace, (type_name, name))

    @classmethod
    @lru_cache(maxsize=8192)  # called for every resource of every list
    def parse(cls, text: str) -> "ResourceId":
        """Reads the whole id of a resource group or of a resource in one. Raises Invalid for any other text."""
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
    """Returns the name if a gallery may have it, by Azure's rule. Raises Invalid, saying what is allowed."""
    return _checked(
        name,
        _GALLERY,
        Message("gallery"),
        Message("1 to 80 letters, digits, '.' and '_', letter or digit at both ends"),
    )


def definition_name(name: str) -> str:
    """Returns the name if an image definition may have it, by Azure's rule. Raises Invalid, saying what is allowed."""
    rule = Message("1 to 80 letters, digits, '.', '_' and '-', letter or digit at both ends")
    return _checked(name, _DEFINITION, Message("image definition"), rule)


def lab_name(name: str) -> str:
    """Returns the name if a lab may have it, by the rule of Azure Lab Services.

    Raises Invalid, saying what is allowed.
    """
    rule = Message("1 to 100 letters, digits, '.', '_' and '-', starting with a letter, ending with a letter or digit")
    return _checked(name, _LAB, Message("lab"), rule)


def part_name(name: str, kind: Message) -> str:
    """Returns the name if a lab's user or schedule may have it; the pattern is the Lab Services API's.

    Raises Invalid.
    """
    return _checked(name, _PART, kind, Message("1 to 100 letters, digits, '-', '_', '.', '(' and ')'"))


def group_name(name: str) -> str:
    """Returns the name if a resource group may have it, by Azure's rule. Raises Invalid, saying what is allowed."""
    return _checked(
        name,
        _GROUP,
        Message("resource group"),
        Message("1 to 90 letters, digits, '-', '_', '.', '(' and ')', no '.' at the end"),
    )


def user_name(name: str) -> str:
    """Returns the name if a Linux account in a lab machine may have it: at most 20 characters.

    Raises Invalid for a system account's name and for characters that Linux refuses (docs/rules.md, "Credentials of
    machines").
    """
    rule = Message("1 to 20 lower-case letters, digits, '-' and '_', starting with a letter or '_'")
    name = _checked(name, _USER, Message("user"), rule)
    if name in {"root", "daemon", "bin", "sys", "nobody"}:
        raise Invalid(
            Message("The user name '{name}' belongs to the system.", name=name),
            hint=Message("Choose another user name."),
        )
    return name


def password(text: str) -> str:
    """Returns the password of a machine's account if it has 8 to 123 characters of three of the four classes.

    Raises Invalid (docs/rules.md, "Credentials of machines").
    """
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
    """Returns a region's name in lower case without spaces, as regions are compared: "Brazil South" is brazilsouth.

    Raises Invalid.
    """
    name = text.replace(" ", "").lower()
    return _checked(name, _LOCATION, Message("region"), Message("letters and digits"))


def proposed_name(display_name: str, taken: frozenset[str] = frozenset()) -> str:
    """Makes a resource name of at most 80 characters from a display name.

    Accents are dropped and spaces become dashes; a number is added where the name is in `taken`, in any case.

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
