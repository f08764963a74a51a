"""Hostile headers and bodies where files arrive and leave: uploads by tus, and page blobs."""

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from tests.interfaces.arm.served import done
from tests.interfaces.arm.storage import disk_body, disk_id, grant
from tests.interfaces.fuzz.answers import Judge
from tests.interfaces.fuzz.asgi import Answer, Headers
from tests.interfaces.fuzz.product import Product
from tests.interfaces.fuzz.targets import encoded
from tests.interfaces.fuzz.values import TEXTS, Shares

pytestmark = pytest.mark.slow

SIZE = 1 << 16
TUS = {"tus-resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"
SOUND = TUS | {"upload-length": "5", "upload-metadata": "filename ZGlzay5yYXc=", "content-type": PIECE}
VALUES = {name: text for name, text in TEXTS.items()} | {
    "not base64": "filename =",
    "no value": "filename",
    "twice": "filename YQ==,filename Yg==",
    "key of spaces": "   YQ==",
    "many pairs": ",".join(f"k{number} YQ==" for number in range(400)),
    "path in base64": "filename " + base64.b64encode(b"../../../etc/cron.d/x\x00.raw").decode(),
    "no UTF-8 in base64": "filename " + base64.b64encode(b"\xff\xfe\xed\xa0\x80").decode(),
    "markup in base64": "filename " + base64.b64encode(b'"><script>galeria-was-here</script>').decode(),
    "largest": "9" * 18,
    "one more": "1" + "0" * 18,
    "with a sign": "+5",
    "hexadecimal": "0x5",
    "with spaces": " 5 ",
    "fraction": "5.0",
    "list": "5, 5",
    "sum": "sha1 " + base64.b64encode(b"x" * 20).decode(),
    "sum of another length": "sha256 YQ==",
    "unknown sum": "md5 YQ==",
    "range": "bytes=0-511",
    "range, reversed": "bytes=511-0",
    "range without end": "bytes=512-",
    "range of the last": "bytes=-512",
    "many ranges": "bytes=0-1,2-3",
    "far range": "bytes=999999999999999999-999999999999999999",
    "longer range": "bytes=0-1" + "0" * 40,
}
TUS_HEADERS = (
    *("tus-resumable", "upload-length", "upload-offset", "upload-metadata", "upload-checksum"),
    *("upload-defer-length", "upload-concat", "content-type", "content-length", "x-http-method-override", "expect"),
)
BLOB_HEADERS = (
    *("range", "x-ms-range", "x-ms-page-write", "x-ms-blob-type", "x-ms-blob-content-length", "content-md5"),
    *("x-ms-content-crc64", "if-match", "if-none-match", "if-modified-since", "x-ms-version", "x-ms-date"),
    *("x-ms-client-request-id", "x-ms-lease-id", "x-ms-blob-sequence-number", "x-ms-if-sequence-number-le"),
    *("x-ms-copy-source", "x-ms-range-get-content-md5", "authorization", "content-type", "content-encoding"),
)


@pytest.fixture(scope="module")
def files(product: Product) -> Iterator[set[Path]]:
    """All that is outside the installation's own folder must be there afterwards, and nothing else."""
    folder = product.installation.folder
    before = set(folder.parent.iterdir())
    yield before
    assert set(folder.parent.iterdir()) == before
    allowed = {"galeria.db", "galeria.db-shm", "galeria.db-wal", "regions", "uploads", "disks", "work"}
    assert {each.name for each in folder.iterdir()} <= allowed
    assert not [each for each in folder.rglob("*") if "galeria-was-here" in each.name or each.name in ("passwd", "x")]


@pytest.mark.usefixtures("files")
def test_no_header_of_an_upload_makes_a_fault(product: Product, judge: Judge, shares: Shares) -> None:
    owner = product.bearer("admin")
    place = tus(product, "POST", "/uploads", owner, SOUND | {"upload-length": "99"}).header("location")
    assert place
    for header in TUS_HEADERS:
        for kind, value in shares(VALUES, 12):
            for method, path in (("POST", "/uploads"), ("PATCH", place), ("HEAD", place), ("POST", place)):
                offset = {"upload-offset": "0"} if method == "PATCH" else {}
                answer = tus(product, method, path, owner, SOUND | offset | {header: value}, b"12345")
                judge.each(f"{method} {path} {header}: {kind}", answer, judge.any)
                if method == "POST" and answer.status == 201:
                    seen = tus(product, "HEAD", answer.header("location"), owner, TUS)
                    judge.each(f"HEAD {header}: {kind}", seen, judge.any)
                    tus(product, "DELETE", answer.header("location"), owner, TUS)
    judge.end()


@pytest.mark.usefixtures("files")
def test_no_name_of_an_upload_makes_a_fault(product: Product, judge: Judge) -> None:
    """Neither as part of the path, nor as the name of a file, which pages show."""
    owner, cookies = product.bearer("admin"), [*product.cookie("admin"), (b"accept", b"text/html")]
    for kind, text in TEXTS.items():
        for method in ("HEAD", "PATCH", "DELETE", "POST", "OPTIONS"):
            path = f"/uploads/{encoded(text)}"
            judge.each(
                f"{method} {kind}", tus(product, method, path, owner, SOUND | {"upload-offset": "0"}, b"1"), judge.any
            )
        name = base64.b64encode(text.encode("utf-8", errors="surrogatepass")).decode()
        made = tus(product, "POST", "/uploads", owner, SOUND | {"upload-metadata": f"filename {name}"}, b"12345")
        judge.each(f"file name {kind}", made, judge.any)
        if made.status == 201:
            id = made.header("location").rpartition("/")[2]
            for page in ("/import", f"/import/{id}"):
                judge.each(f"{page} of {kind}", product.driver.ask("GET", page.encode(), cookies), judge.page)
            tus(product, "DELETE", made.header("location"), owner, TUS)
    judge.end()


@pytest.fixture(scope="module")
def address(product: Product) -> str:
    id = disk_id("hostile")
    done(product().put(id, json=disk_body("Upload", uploadSizeBytes=SIZE)))
    parts = urlsplit(grant(product, id))
    return f"{parts.path}?{parts.query}"


@pytest.mark.usefixtures("files")
def test_no_header_of_a_page_blob_makes_a_fault(product: Product, judge: Judge, address: str, shares: Shares) -> None:
    write = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511", "x-ms-version": "2019-12-12"}
    for header in BLOB_HEADERS:
        for kind, value in shares(VALUES, 10):
            for method, more, sound, body in (
                ("PUT", "&comp=page", write, b"x" * 512),
                ("PUT", "", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "1"}, b""),
                ("GET", "&comp=pagelist", {}, b""),
                ("HEAD", "", {}, b""),
            ):
                answer = product.driver.ask(method, f"{address}{more}".encode(), written(sound | {header: value}), body)
                judge.each(f"{method} {more} {header}: {kind}", answer, judge.any)
                judge.each(f"{method} {more} {header}: {kind}", answer, well_formed)
    judge.end()


@pytest.mark.usefixtures("files")
def test_no_address_of_a_page_blob_makes_a_fault(product: Product, judge: Judge, address: str, shares: Shares) -> None:
    path, _, query = address.partition("?")
    for kind, text in TEXTS.items():
        part = encoded(text)
        for place in (
            f"/disks/{part}/abcd?{query}",
            f"/disks/x/{part}",
            f"{path}?si={part}&sig={part}",
            f"{address}&comp={part}",
            f"{address}&{part}={part}",
        ):
            for method in ("GET", "PUT"):
                judge.each(f"{method} {place[:200]} {kind}", product.driver.ask(method, place.encode()), judge.any)
    judge.end()


def well_formed(answer: Answer) -> None:
    if "xml" in answer.header("content-type") and answer.body:
        ElementTree.fromstring(answer.body)


def tus(product: Product, method: str, path: str, owner: Headers, headers: dict[str, str], body: bytes = b"") -> Answer:
    return product.driver.ask(method, path.encode(), [*owner, *written(headers)], body if method != "HEAD" else b"")


def written(headers: dict[str, str]) -> Headers:
    """A server lets no control characters into a header."""
    return [
        (
            name.encode(),
            bytes(byte for byte in value.encode("utf-8", errors="surrogatepass") if byte >= 32 and byte != 127),
        )
        for name, value in headers.items()
    ]
