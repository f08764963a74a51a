"""Templates into pages: one environment for each language, made once."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from galeria.domain.settings import Settings
from galeria.faces.web.assets import StaticFiles
from galeria.faces.web.catalogues import LANGUAGES, Catalogue, Catalogues
from galeria.faces.web.formats import Formats
from galeria.faces.web.places import PLACES
from galeria.faces.web.sentences import Sentences


@cache
def _shipped() -> Catalogues:
    """Galeria's own, read once in a process."""
    return Catalogues()


class Rendering:
    """Everything that a page's text is made with. Nothing in it changes."""

    def __init__(self, static: StaticFiles, settings: Settings) -> None:
        catalogues = _shipped()
        self.static = static
        self._settings = settings
        self._catalogues = {language: catalogues.get(language) for language in LANGUAGES}
        self._sentences = {language: Sentences(each) for language, each in self._catalogues.items()}
        self._environments = {language: self._environment(each) for language, each in self._catalogues.items()}

    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        return self._environments[language].get_template(template).render(values)

    def say(self, language: str, sentence: str) -> str:
        """A sentence of the inside, in the page's language."""
        return self._sentences[language].say(sentence)

    def catalogue(self, language: str) -> Catalogue:
        return self._catalogues[language]

    def formats(self, language: str, zone: tzinfo) -> Formats:
        return Formats(self._catalogues[language].locale, zone, currency=self._settings.prices.currency)

    def _environment(self, catalogue: Catalogue) -> Environment:
        environment = Environment(
            loader=PackageLoader("galeria.faces.web"),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension brings it
            catalogue.gettext,
            catalogue.ngettext,
            newstyle=True,
            pgettext=catalogue.pgettext,
            npgettext=catalogue.npgettext,
        )
        environment.globals.update(PLACES, static=self.static.url)
        environment.filters["say"] = self._sentences[catalogue.language].say
        environment.policies["ext.i18n.trimmed"] = True
        return environment


def as_text(html: str) -> Markup:
    """HTML that was rendered here."""
    return Markup(html)
