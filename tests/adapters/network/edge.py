"""Galeria on the edge of the world, as a program: it does what each line of its input says, and tells what came of it.

python -m tests.adapters.network.edge FOLDER, in which the folder "product" is made for what `galeria serve` keeps.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from galeria.adapters.fetching import HttpFetcher
from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.identity.openid_http import OpenIdHttp
from galeria.adapters.system import SystemClock
from galeria.domain.errors import GaleriaError
from galeria.domain.images.import_addresses import allowed_hosts
from galeria.domain.people.external_provider import ExternalProvider, sign_in_attempt
from tests.adapters.network.namespaces import Sniffer, become_galeria
from tests.adapters.network.product import Product
from tests.adapters.network.web import Web, tell

SECONDS = 1.0  # that a server has here


def main() -> None:
    tell("ready")
    line = sys.stdin.readline()  # the cable is there now
    become_galeria()
    Web()  # what only this computer reaches
    sniffer = Sniffer()
    product: list[Product] = []

    def import_disk(name: str, url: str) -> dict[str, Any]:
        if not product:
            product.append(Product(Path(sys.argv[1], "product")))
            sniffer.seen()
        return product[0].import_disk(name, url)

    deeds: dict[str, Callable[..., dict[str, Any]]] = {"fetch": fetch, "sign_in": sign_in, "import_disk": import_disk}
    while line:
        deed = json.loads(line)
        sniffer.seen()
        began = time.monotonic()
        try:
            done = deeds[deed.pop("do")](**deed)
        except GaleriaError as error:
            done = {"error": type(error).__name__, "code": error.code, "text": str(error)}
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            done = {"error": "a fault of Galeria", "text": repr(error)}
        own = tuple(f":{each.port}" for each in product)  # the person's own connections to Galeria
        seen = [each for each in sniffer.seen() if not each.endswith(own)] if own else sniffer.seen()
        tell({**done, "seconds": time.monotonic() - began, "connections": seen})
        line = sys.stdin.readline()


def fetch(url: str, allowed: list[str], offset: int = 0, tag: str = "") -> dict[str, Any]:
    fetcher = HttpFetcher(allowed=allowed_hosts(tuple(allowed)), seconds=SECONDS)
    with fetcher.open(url, offset=offset, tag=tag) as download:
        content = b"".join(download.pieces())
        return {
            "content": content[:64].decode("latin-1"),
            "bytes": len(content),
            "digest": hashlib.sha256(content).hexdigest(),
            "is_whole": download.is_whole,
            "offset": download.offset,
            "length": download.length,
        }


def sign_in(issuer: str) -> dict[str, Any]:
    settings = ExternalProvider(name="Campus", issuer=issuer, client_id="galeria", client_secret="hush")
    provider = OpenIdProvider(settings, SystemClock(), OpenIdHttp("Campus", issuer, seconds=SECONDS))
    attempt, back = sign_in_attempt("secret"), "https://galeria.example/sign-in/external/back"
    provider.sign_in_address(attempt, back)
    return {"subject": provider.redeem(attempt, back, "code").subject}


if __name__ == "__main__":
    main()
