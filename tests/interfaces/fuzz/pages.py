"""The portal as a browser without scripts asks for it: pages, and their forms with one field changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.interfaces.fuzz.asgi import Answer, Headers
from tests.interfaces.fuzz.product import Product
from tests.interfaces.web.forms import Controls, Press, controls_of

FORM = (b"content-type", b"application/x-www-form-urlencoded")
HTML = (b"accept", b"text/html")
MOST_PAGES = 200


@dataclass
class Browser:
    """Signed in as `who`, or a stranger's."""

    product: Product
    cookies: Headers
    token: str = ""
    seen: dict[str, Controls] = field(default_factory=dict)

    def get(self, place: str, *more: tuple[bytes, bytes]) -> Answer:
        return self.product.driver.ask("GET", place.encode("ascii", "replace"), [*self.cookies, HTML, *more])

    def send(self, place: str, fields: dict[str, list[str]], *more: tuple[bytes, bytes]) -> Answer:
        """A form, with the token of this browser's session where it has one. Lone surrogates are sent as wrong UTF-8."""
        pairs = [("csrf", self.token), *((name, value) for name, values in fields.items() for value in values)]
        body = urlencode([(_bytes(name), _bytes(value)) for name, value in pairs]).encode()
        return self.send_bytes(place, body, *more)

    def send_bytes(self, place: str, body: bytes, *more: tuple[bytes, bytes]) -> Answer:
        origin = (b"origin", self.product.services.endpoint.encode())
        headers = [*self.cookies, HTML, FORM, origin, *more]
        return self.product.driver.ask("POST", place.encode("ascii", "replace"), headers, body)

    def look_around(self, *starts: str, told: Callable[[str, Answer], None] = lambda place, answer: None) -> None:
        """Follow links from page to page, each once; `told` gets every page with its address."""
        waiting = list(starts)
        while waiting and len(self.seen) < MOST_PAGES:
            place = waiting.pop(0)
            if place in self.seen or place.endswith(("/events", ".rdp")):
                continue
            answer = self.get(place)
            told(place, answer)
            self.seen[place] = controls_of(answer.text, place)
            waiting += [each for each in sorted(self.seen[place].links) if each not in self.seen]

    def presses(self) -> list[Press]:
        """Every button and every check of a form, each once."""
        found = [each for page in self.seen.values() for each in (*page.checks, *page.presses)]
        return list({(each.place, each.text, str(sorted(each.fields))): each for each in found}.values())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")
