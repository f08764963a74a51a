"""Hostile paths, queries and headers at the REST API, the directory, and beside them."""

import base64
import itertools
from collections.abc import Iterator

import pytest

from galeria.interfaces.app import ROUTES
from tests.interfaces.arm.served import API_VERSION, GALLERY, GROUP, LABS, PLAN, SUB
from tests.interfaces.fuzz.answers import Judge
from tests.interfaces.fuzz.asgi import Headers
from tests.interfaces.fuzz.fields import operation, operations
from tests.interfaces.fuzz.product import Product
from tests.interfaces.fuzz.targets import JSON, encoded, target_of
from tests.interfaces.fuzz.values import TEXTS, VALUES, Shares, written

pytestmark = pytest.mark.slow

# As they stand in a request line: wrong escapes, escapes of what ends a name, and what some servers decode twice.
RAW = (
    "%",
    "%zz",
    "%f",
    "%ff%fe",
    "%c0%ae%c0%ae",
    "%00",
    "a%00b",
    "%0d%0aSet-Cookie:a=b",
    "%2e%2e",
    "..;",
    "%5c..%5c",
    "%u0041",
    ";",
    "+",
    "%20",
)
PARTS = {name: encoded(text) for name, text in TEXTS.items()} | {raw: raw for raw in RAW}
LISTS = (
    f"{GALLERY}/images",
    f"{PLAN}/images",
    f"{LABS}/held/users",
    f"{SUB}/resources",
    f"{SUB}/providers/Microsoft.Galeria/operations",
    f"{SUB}/providers/Microsoft.Galeria/people",
    f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values",
    f"{SUB}/providers/Microsoft.Authorization/roleAssignments",
)
PARAMETERS = ("$top", "$skipToken", "$filter", "$expand", "$select", "$orderby", "api-version", "monitor", "region")
FILTERS = {
    "quote": "name eq '",
    "many parentheses": "(" * 600,
    "many negations": "not " * 400 + "true",
    "nested calls": "tolower(" * 200 + "'a'" + ")" * 200,
    "many alternatives": " or ".join(["name eq 'a'"] * 120),
    "unlike": "name lt true and true gt 'a' or null le 1",
    "long number": "name eq " + "9" * 1900,
    "numbers": "1e400 eq -0",
    "inner name": "__class__/__init__/__globals__ eq null",
    "function without": "contains(name)",
    "SQL": "name eq 'a'' or 1=1 --'",
    "date": "eventTimestamp ge '9999-99-99T99:99:99Z'",
    "date of another age": "eventTimestamp ge '0001-01-01T00:00:00+14:00' and eventTimestamp le '9999-12-31T23:59:59-14:00'",
}
HEADERS = (
    *("accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection"),
    *("content-encoding", "content-language", "content-location", "content-md5", "content-type", "cookie", "date"),
    *("expect", "forwarded", "from", "if-match", "if-modified-since", "if-none-match", "if-range"),
    *("if-unmodified-since", "origin", "prefer", "range", "referer", "te", "traceparent", "upgrade", "user-agent"),
    *("via", "x-csrf-token", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-http-method-override"),
    *("x-identity-header", "x-ms-client-request-id", "x-ms-correlation-request-id", "x-ms-date", "x-ms-range"),
    *("x-ms-return-client-request-id", "x-ms-version", "x-original-url", "host", "hx-request", "hx-target"),
    *("last-event-id", "tus-resumable", "transfer-encoding"),
)


@pytest.fixture(scope="module")
def owner(product: Product) -> Headers:
    return product.bearer("admin")


def test_no_name_in_a_path_makes_a_fault(
    product: Product, judge: Judge, known: dict[str, str], owner: Headers, shares: Shares
) -> None:
    described = operations(product)
    for route in ROUTES:
        body = b'{"location": "brazilsouth"}' if route.method in ("PUT", "PATCH", "POST") else b""
        for parameter in operation(described, route.name).get("parameters", []):
            if parameter["in"] != "path":
                continue
            for name, part in shares(PARTS, 2):
                target = target_of(route, known, **{parameter["name"]: part})
                answer = product.driver.ask(route.method, target, [*owner, JSON], body)
                judge.each(f"{route.name} {parameter['name']} {name}", answer, judge.arm)
        product.begun.ids.clear()
    judge.end()


def test_no_query_makes_a_fault(
    product: Product, judge: Judge, known: dict[str, str], owner: Headers, shares: Shares
) -> None:
    described = operations(product)
    for route in ROUTES:
        for parameter in operation(described, route.name).get("parameters", []):
            if parameter["in"] != "query" or parameter["name"] == "api-version":
                continue
            for name, part in shares(PARTS, 12):
                target = target_of(route, known) + f"&{parameter['name']}={part}".encode()
                judge.each(
                    f"{route.name} {parameter['name']} {name}",
                    product.driver.ask(route.method, target, owner),
                    judge.arm,
                )
    judge.end()


def test_no_query_of_a_list_makes_a_fault(
    product: Product, judge: Judge, known: dict[str, str], owner: Headers, shares: Shares
) -> None:
    queries = [
        *((path, f"{name}={part}") for path in LISTS for name in PARAMETERS for _, part in shares(PARTS, 4)),
        *((path, f"$filter={encoded(text)}") for path in LISTS for text in FILTERS.values()),
        *((path, f"$skipToken={token}") for path in LISTS for token in _tokens(shares)),
        *((path, "$top=1&$top=2&api-version=x&api-version=") for path in LISTS),
        *((path, "&".join(f"{number}=" for number in range(3000))) for path in LISTS),
    ]
    for path, query in queries:
        target = f"{path}?api-version={API_VERSION}&{query}".encode()
        judge.each(f"{path} {query[:200]}", product.driver.ask("GET", target, owner), judge.arm)
    judge.end()


def _tokens(shares: Shares) -> Iterator[str]:
    """Tokens in the form of our own, with hostile values in them."""
    for _, value in shares(VALUES, 8):
        for place in (value, [value], [value, value]):
            yield base64.urlsafe_b64encode(written(place)[:20_000]).decode()


def test_no_path_at_all_makes_a_fault(product: Product, judge: Judge, owner: Headers) -> None:
    """Also where there is nothing: the answer to programs has the one form everywhere."""
    roots = (
        "",
        "/subscriptions",
        "/providers",
        "/tenants",
        SUB,
        GROUP,
        f"{GROUP}/providers",
        "/v1.0",
        "/v1.0/users",
        "/uploads",
        "/x",
    )
    methods = itertools.cycle(("GET", "POST", "DELETE", "PUT"))
    for root in roots:
        for part in PARTS.values():
            method = next(methods)
            answer = product.driver.ask(method, f"{root}/{part}?api-version={API_VERSION}".encode(), owner)
            judge.each(f"{method} {root}/{part}", answer, judge.any)
    for method in ("TRACE", "CONNECT", "PROPFIND", "OPTIONS", "get", "X" * 200, "HEAD"):
        for root in roots:
            judge.each(f"{method} {root}", product.driver.ask(method, (root or "/").encode(), owner), judge.any)
    judge.end()


def test_no_header_makes_a_fault(
    product: Product, judge: Judge, known: dict[str, str], owner: Headers, shares: Shares
) -> None:
    """A server lets no control characters into a header, but everything else."""
    allowed = {name: _as_header(text) for name, text in TEXTS.items()} | {
        "long": b"a" * 60_000,
        "bytes": bytes(range(128, 256)),
    }
    asked: tuple[tuple[str, str, Headers, bytes], ...] = (
        ("GET", f"{GALLERY}?api-version={API_VERSION}", owner, b""),
        ("PUT", f"{GALLERY}?api-version={API_VERSION}", [*owner, JSON], b'{"location": "brazilsouth"}'),
        ("GET", f"{SUB}/resources", (), b""),
        ("GET", "/v1.0/me", owner, b""),
        ("GET", "/openapi.json", (), b""),
        ("GET", "/sign-in", (), b""),
        ("GET", "/labs", product.cookie("admin"), b""),
        ("GET", "/nothing-here", product.cookie("admin"), b""),
        ("GET", "/adfs/oauth2/authorize?client_id=a", (), b""),
        ("GET", "/msi/token?resource=a", (), b""),
        ("POST", "/adfs/oauth2/token", (), b"grant_type=password"),
    )
    for method, target, own, body in asked:
        for header in HEADERS:
            for name, value in shares(allowed, 1):
                others = [pair for pair in own if pair[0] != header.encode()]
                answer = product.driver.ask(method, target.encode(), [*others, (header.encode(), value)], body)
                judge.each(f"{method} {target} {header}: {name}", answer, judge.page)
    judge.end()


def _as_header(text: str) -> bytes:
    value = text.encode("utf-8", errors="surrogatepass")
    return bytes(byte for byte in value if byte >= 32 and byte != 127)
