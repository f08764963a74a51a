"""What an image definition may say of its image, and what of that may change."""

import re
from collections.abc import Mapping, Sequence

from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import Generation, VersionNumber
from galeria.domain.images.publishing import changed
from galeria.domain.messages import Message

PROPERTIES = "galleryImage.properties"
_LENGTHS = {"publisher": 128, "offer": 64, "sku": 64}
_WORD = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-]")

Feature = dict[str, str]  # name, value, and startsAtVersion where it does not hold from the first one on
Range = dict[str, int]  # min, max; either may be missing


def check_identifier(publisher: str, offer: str, sku: str) -> None:
    """Letters, digits, '.', '_' and '-', not ending in '.'. Raises Invalid."""
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
    """Shown to whoever chooses a size, enforced nowhere. Raises Invalid where the least is above the most."""
    for what, bounds in recommended.items():
        least, most = bounds.get("min", 0), bounds.get("max")
        if least < 0 or (most is not None and most < max(least, 1)):
            raise Invalid(
                Message("The recommended {what} go from {least} to {most}.", what=what, least=least, most=str(most)),
                hint=Message("The minimum is 0 or more, the maximum 1 or more and not below the minimum."),
                target=f"{PROPERTIES}.recommended.{what}",
            )


def check_features(features: Sequence[Feature], generation: Generation) -> None:
    """Raises Invalid for doubled names, for versions that are none, and where a security type needs UEFI."""
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
    """`pairs` are (as it is, as it is wanted) by property. Raises Invalid for the first that differs."""
    for name, (now, then) in pairs.items():
        if now != then:
            raise changed(f"{PROPERTIES}.{name}", now, then)
