"""The files of the pages: found, packed, kept by browsers, and nothing else on the disk."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from galeria.domain.errors import Unavailable
from galeria.interfaces.web.kit.assets import VENDOR, StaticFiles
from tests.servers.small_server import serving

STYLE = "body { color: #123; }\n" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    services = tmp_path / "static"
    (services / "vendor").mkdir(parents=True)
    (services / "style.css").write_text(STYLE, encoding="utf-8")
    (services / "vendor" / "a.min.js").write_text("export default 1;\n", encoding="utf-8")
    (services / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    (services / ".hidden").write_text("no", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return services


@pytest.fixture
def static(folder: Path) -> StaticFiles:
    return StaticFiles(folder, required=("vendor/a.min.js",))


@pytest.fixture
def client(static: StaticFiles) -> Iterator[httpx.Client]:
    """Of a real server that has nothing but these files."""
    app = FastAPI(redirect_slashes=False)
    app.include_router(static.router())
    with serving(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def test_a_file_comes_with_its_kind_and_may_be_kept_for_ever(static: StaticFiles, client: httpx.Client) -> None:
    answer = client.get(static.url("style.css"))

    assert answer.text == STYLE
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(static.url("vendor/a.min.js")).headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get(static.url("picture.png")).headers["content-type"] == "image/png"


def test_text_travels_packed_where_the_browser_takes_that(static: StaticFiles, client: httpx.Client) -> None:
    with client.stream("GET", static.url("style.css"), headers={"Accept-Encoding": "gzip, br"}) as answer:
        packed = b"".join(answer.iter_raw())
    plain = client.get(static.url("style.css"), headers={"Accept-Encoding": "gzip;q=0, br"})
    picture = client.get(static.url("picture.png"), headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(packed).decode() == STYLE
    assert len(packed) < len(STYLE) / 3
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert plain.text == STYLE
    assert plain.headers["etag"] != answer.headers["etag"]
    assert "content-encoding" not in picture.headers


def test_a_browser_that_has_the_file_is_told_so(static: StaticFiles, client: httpx.Client) -> None:
    tag = client.get(static.url("style.css")).headers["etag"]

    again = client.get(static.url("style.css"), headers={"If-None-Match": tag})
    other = client.get(static.url("style.css"), headers={"If-None-Match": '"something-else"'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert other.status_code == 200


def test_a_changed_file_changes_every_address(static: StaticFiles, folder: Path) -> None:
    before = static.url("style.css")
    (folder / "vendor" / "a.min.js").write_text("export default 2;\n", encoding="utf-8")

    assert StaticFiles(folder, required=()).url("style.css") != before
    assert static.url("style.css") == before


def test_a_page_of_a_former_version_gets_todays_file_and_does_not_keep_it(client: httpx.Client) -> None:
    answer = client.get("/static/0123456789ab/style.css")

    assert answer.text == STYLE
    assert answer.headers["cache-control"] == "no-cache"


def test_a_head_has_the_headers_and_no_content(static: StaticFiles, client: httpx.Client) -> None:
    answer = client.head(static.url("style.css"), headers={"Accept-Encoding": "identity"})

    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(STYLE)
    assert answer.content == b""


@pytest.mark.parametrize(
    "path",
    ["nothing.css", "../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", ".hidden", "vendor", "", "/etc/passwd"],
)
def test_nothing_else_is_served(static: StaticFiles, client: httpx.Client, path: str) -> None:
    folder_address = static.url("style.css").removesuffix("style.css")

    assert client.get(folder_address + path).status_code == 404


def test_an_unknown_name_in_a_page_is_an_error(static: StaticFiles) -> None:
    with pytest.raises(LookupError, match=r"stile\.css"):
        static.url("stile.css")


def test_missing_files_of_others_are_reported_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="scripts/assets") as caught:
        StaticFiles(tmp_path / "nowhere")

    assert "vendor/htmx.min.js" in caught.value.message


def test_the_package_has_what_the_pages_need() -> None:
    static = StaticFiles()

    for path in VENDOR:
        assert static.url(path)
