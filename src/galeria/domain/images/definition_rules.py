"""What an image definition may say of its images, and which properties never change (docs/rules.md, "Image definitions")."""

import re
from collections.abc import Mapping, Sequence

from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import Generation, VersionNumber
from galeria.domain.images.publishing import changed
from galeria.domain.messages import Message

PROPERTIES = "galleryImage.properties"
_LENGTHS = {"publisher": 128, "offer": 64, "sku": 64}
_WORD = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-]")

Feature = dict[str, str]  # name, value, and startsAtVersion where it holds from a later version on only
Range = dict[str, int]  # min, max; either may be missing


def check_identifier(publisher: str, offer: str, sku: str) -> None:
    """Raises Invalid unless publisher, offer and sku are present and made of letters, digits, '.', '_' and '-', not
    ending in '.'; at most 128, 64 and 64 characters."""
    words = (Message("publisher"), publisher), (Message("offer"), offer), (Message("sku"), sku)
    for name, text in words:
        if not text:
            raise Invalid(
                Message("An image definition needs publisher, offer and sku."),
                hint=Message("Any short words will do; together they must be unique in the gallery."),
                target=f"{PROPERTIES}.identifier",
            )
        if len(text) > _LENGTHS[name] or not _WORD.fullmatch(text):
            raise Invalid(
                Message("'{text}' cannot be the {name} of an image.", text=text[:140], name=name),
                hint=Message(
                    "Allowed are 1 to {lengths} letters, digits, '.', '_' and '-', no '.' at the end.",
                    lengths=_LENGTHS[name],
                ),
                target=f"{PROPERTIES}.identifier.{name}",
            )


def check_recommended(recommended: Mapping[str, Range]) -> None:
    """Raises Invalid where a recommended minimum is negative or above its maximum.

    The values (vCPUs, GB) are shown to people who choose a size and not enforced.
    """
    for what, bounds in recommended.items():
        least, most = bounds.get("min", 0), bounds.get("max")
        if least < 0 or (most is not None and most < max(least, 1)):
            raise Invalid(
                Message("The recommended {what} go from {least} to {most}.", what=what, least=least, most=str(most)),
                hint=Message("The minimum is 0 or more, the maximum 1 or more and not below the minimum."),
                target=f"{PROPERTIES}.recommended.{what}",
            )


def check_features(features: Sequence[Feature], generation: Generation) -> None:
    """Raises Invalid for a feature named twice, for a version that is no version number, and for a security type that
    needs UEFI on generation V1."""
    names = [each["name"].lower() for each in features]
    if len(set(names)) != len(names):
        raise Invalid(
            Message("A feature is named twice."),
            hint=Message("Name every feature once."),
            target=f"{PROPERTIES}.features",
        )
    for each in features:
        if each.get("startsAtVersion"):
            VersionNumber.parse(each["startsAtVersion"])
        secure = each["name"].lower() == "securitytype" and each.get("value", "").lower() != "standard"
        if secure and generation is Generation.V1:
            raise Invalid(
                Message("The security type {value} needs the Hyper-V generation V2.", value=each["value"]),
                hint=Message("Use hyperVGeneration V2 for images that start with UEFI, or the security type Standard."),
                target=f"{PROPERTIES}.features",
            )


def check_unchanged(pairs: Mapping[str, tuple[object, object]]) -> None:
    """Raises Invalid for the first property that would change; `pairs` maps a property to (current value, wanted value)."""
    for name, (now, then) in pairs.items():
        if now != then:
            raise changed(f"{PROPERTIES}.{name}", now, then)
