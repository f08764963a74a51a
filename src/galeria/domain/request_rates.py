"""How many requests are taken in a minute."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RequestRates:
    """Requests in a minute, all of which may come at once; 0 stands for any number.

    Reads and writes (everything that may change something) are counted for each person, requests of nobody who is signed in
    for each address. The defaults are several times what a page that refreshes itself, `az` that waits for an operation, or a
    classroom behind one address sends.
    """

    reads: int = 12_000
    writes: int = 3_000
    strangers: int = 6_000
