"""Render templates, with one environment for each language, created once."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import cache
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from galeria.domain.settings import Settings
from galeria.interfaces.web.kit.assets import StaticFiles
from galeria.interfaces.web.kit.catalogues import LANGUAGES, Catalogue, Catalogues
from galeria.interfaces.web.kit.formats import Formats
from galeria.interfaces.web.kit.message_texts import MessageTexts
from galeria.interfaces.web.kit.saved_values import mark_of
from galeria.interfaces.web.kit.urls import PLACES


@cache
def _shipped() -> Catalogues:
    """Return the texts in the package, read once per process."""
    return Catalogues()


class _CompiledTemplates(BytecodeCache):
    """Compiled templates, shared by the languages of a process, whose code is the same."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._made.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[bucket.key] = (bucket.checksum, bucket.code)


@cache
def _compiled() -> _CompiledTemplates:
    return _CompiledTemplates()


class Rendering:
    """Everything that pages are rendered with. It is never changed."""

    def __init__(self, static: StaticFiles, settings: Settings) -> None:
        catalogues = _shipped()
        self.static = static
        self._settings = settings
        self._catalogues = {language: catalogues.get(language) for language in LANGUAGES}
        regions = {each.name: each.display_name for each in settings.regions.all}
        self._message_texts = {language: MessageTexts(each, regions) for language, each in self._catalogues.items()}
        self._environments = {language: self._environment(each) for language, each in self._catalogues.items()}

    def prepare(self) -> None:
        """Compile every template, which otherwise the first visitor waits for: a second or two for all."""
        for environment in self._environments.values():
            for name in environment.list_templates():
                environment.get_template(name)

    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        return self._environments[language].get_template(template).render(values)

    def say(self, language: str, said: object) -> str:
        """A message, an error, a state or a kind, in the page's language."""
        return self._message_texts[language].say(said)

    def catalogue(self, language: str) -> Catalogue:
        return self._catalogues[language]

    def formats(self, language: str, zone: tzinfo) -> Formats:
        return Formats(self._catalogues[language].locale, zone, currency=self._settings.prices.currency)

    def _environment(self, catalogue: Catalogue) -> Environment:
        environment = Environment(
            loader=PackageLoader("galeria.interfaces.web"),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,  # unlimited: there are fewer than a hundred templates
            bytecode_cache=_compiled(),
        )
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension brings it
            catalogue.gettext,
            catalogue.ngettext,
            newstyle=True,
            pgettext=catalogue.pgettext,
            npgettext=catalogue.npgettext,
        )
        environment.globals.update(PLACES, static=self.static.url, icon=self.static.icon, mark_of=mark_of)
        environment.filters["say"] = self._message_texts[catalogue.language].say
        environment.policies["ext.i18n.trimmed"] = True
        return environment


def as_text(html: str) -> Markup:
    """Mark HTML that was rendered here as safe."""
    return Markup(html)
