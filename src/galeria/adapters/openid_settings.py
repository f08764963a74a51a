"""The part `[sign_in.openid]` of the settings file: a provider of OpenID Connect."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from galeria.adapters.settings_values import texts_of
from galeria.domain.people.external_provider import ExternalProvider
from galeria.domain.people.principals import ROLES


def read_openid(table: Mapping[str, Any], data: Path) -> ExternalProvider:
    """Read the part `[sign_in]`. Raises ValueError and TypeError with the fault in it, and OSError."""
    if table.keys() != {"openid"}:
        raise ValueError("sign_in has the part 'openid' and no other")
    given = dict(table["openid"])
    file = given.pop("client_secret_file", None)
    if file is not None:
        given["client_secret"] = (data / file).read_text(encoding="utf-8").strip()
    if "scopes" in given:
        given["scopes"] = texts_of(given, "scopes")
    if "allowed_domains" in given:
        given["allowed_domains"] = tuple(each.lower() for each in texts_of(given, "allowed_domains"))
    provider = ExternalProvider(**given)
    if provider.role and provider.role not in ROLES:
        raise ValueError(f"there is no role '{provider.role}'")
    return provider
