"""Render templates, with one environment for each language, created once."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import tzinfo
from functools import cache
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket, FileSystemBytecodeCache
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


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates: shared by the languages of a process, and kept beside Python's own compiled files.

    To compile all takes more than a second of a processor, which every start would pay. What was compiled by another version
    of this module or of Jinja is not used, nor what does not fit its template. Where files cannot be written there, such as
    in an installation that belongs to somebody else, templates are compiled at each start.
    """

    def __init__(self, folder: Path | None = None) -> None:
        made_by = sha256(Path(__file__).read_bytes() + jinja2.__version__.encode()).hexdigest()[:12]
        pattern = f"template-%s.{sys.implementation.cache_tag}-{made_by}"
        super().__init__(str(folder or Path(cache_from_source(__file__)).parent), pattern)
        self._made: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._made.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code
            return
        with suppress(OSError):
            super().load_bytecode(bucket)
        if bucket.code:
            self._made[bucket.key] = (bucket.checksum, bucket.code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[bucket.key] = (bucket.checksum, bucket.code)
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


@cache
def _compiled() -> CompiledTemplates:
    return CompiledTemplates()


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
        """Load or compile every template, which otherwise the first visitor waits for: a second or two for all."""
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
