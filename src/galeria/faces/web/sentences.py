"""Sentences of the inside in the language of a page."""

from galeria.faces.web.catalogues import Catalogue


class Sentences:
    def __init__(self, catalogue: Catalogue) -> None:
        self._inside = catalogue.inside

    def say(self, text: object) -> str:
        return self._inside.get(str(text), str(text))
