"""Fetching from elsewhere: only from where it is allowed, pinned to what was judged, continued where it stopped."""

import socket
from collections.abc import Iterator

import pytest

from galeria.adapters.fetching import HttpFetcher
from galeria.adapters.pinned_connections import resolve_host
from galeria.domain.errors import Invalid, Unavailable
from tests.servers.file_server import FileServer, serving_file

CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving_file(CONTENT) as server:
        yield server


@pytest.fixture
def fetcher() -> HttpFetcher:
    return HttpFetcher(allowed=frozenset({"127.0.0.1"}))


def fetched(fetcher: HttpFetcher, url: str, *, offset: int = 0, tag: str = "") -> tuple[int, bytes, bool]:
    with fetcher.open(url, offset=offset, tag=tag) as download:
        data = b"".join(download.pieces())
        return download.offset, data, download.is_whole


def test_a_file_comes_whole(fetcher: HttpFetcher, files: FileServer) -> None:
    with fetcher.open(files.url(), offset=0, tag="") as download:
        assert (download.length, download.tag) == (len(CONTENT), '"1"')
        assert b"".join(download.pieces()) == CONTENT
        assert download.is_whole


def test_it_is_continued_where_it_stopped(fetcher: HttpFetcher, files: FileServer) -> None:
    files.break_after = [1000]
    first = fetched(fetcher, files.url())
    assert (first[0], first[1], first[2]) == (0, CONTENT[:1000], False)
    assert fetched(fetcher, files.url(), offset=1000, tag='"1"') == (1000, CONTENT[1000:], True)


def test_a_file_that_changed_begins_anew(fetcher: HttpFetcher, files: FileServer) -> None:
    files.etag = '"2"'
    assert fetched(fetcher, files.url(), offset=1000, tag='"1"') == (0, CONTENT, True)


def test_without_a_length_the_end_is_still_known(fetcher: HttpFetcher, files: FileServer) -> None:
    files.chunked = True
    with fetcher.open(files.url(), offset=0, tag="") as download:
        assert download.length is None
        assert b"".join(download.pieces()) == CONTENT
        assert download.is_whole


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
    ],
)
def test_the_server_asks_nobody_in_private_networks(files: FileServer, host: str) -> None:
    with pytest.raises(Invalid):
        fetched(HttpFetcher(), files.url(host=host))
    assert files.asked == []


@pytest.mark.parametrize("ips", [["10.1.2.3"], ["8.8.8.8", "127.0.0.1"], ["::ffff:192.168.0.1"], ["fd00::1"]])
def test_a_name_that_leads_into_a_private_network_is_refused(ips: list[str]) -> None:
    with pytest.raises(Invalid, match="leads to a"):
        fetched(HttpFetcher(resolve=lambda host, port: ips), "http://innocent.example/os.vhd")


def test_the_connection_goes_to_what_was_judged_and_the_name_is_asked_for_once(files: FileServer) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    fetcher = HttpFetcher(allowed=frozenset({"campus.example"}), resolve=rebinding)
    assert fetched(fetcher, files.url(host="campus.example"))[1] == CONTENT
    assert asked == ["campus.example"]


def test_an_allowed_port_allows_no_other(files: FileServer) -> None:
    fetcher = HttpFetcher(allowed=frozenset({f"127.0.0.1:{files.port}"}))
    assert fetched(fetcher, files.url())[2]
    with pytest.raises(Invalid, match="loopback"):
        fetched(fetcher, "http://127.0.0.1:9/os.vhd")


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://169.254.169.254/metadata",
        "http://2130706433/",
        "//10.0.0.1/x",
        "file:///etc/passwd",
        "http://user@8.8.8.8/",
    ],
)
def test_every_redirect_is_judged_anew(fetcher: HttpFetcher, files: FileServer, target: str) -> None:
    files.moved = {"/moved": "/again", "/again": target}
    with pytest.raises(Invalid):
        fetched(fetcher, files.url("/moved"))
    assert [path for path, _ in files.asked] == ["/moved", "/again"]


def test_redirects_are_followed_a_few_times(fetcher: HttpFetcher, files: FileServer) -> None:
    files.moved = {f"/{number}": f"/{number + 1}" for number in range(5)}
    assert fetched(fetcher, files.url("/0"))[1] == CONTENT
    files.moved = {"/round": "/round"}
    with pytest.raises(Invalid, match="more than 5 times"):
        fetched(fetcher, files.url("/round"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 304])
def test_an_answer_without_a_file_is_final(fetcher: HttpFetcher, files: FileServer, status: int) -> None:
    files.statuses = [status]
    with pytest.raises(Invalid, match=str(status)):
        fetched(fetcher, files.url())


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_answer_that_may_be_better_later_says_so(fetcher: HttpFetcher, files: FileServer, status: int) -> None:
    files.statuses = [status]
    with pytest.raises(Unavailable, match=str(status)):
        fetched(fetcher, files.url())


def test_a_packed_file_is_refused(fetcher: HttpFetcher, files: FileServer) -> None:
    files.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(Invalid, match="gzip"):
        fetched(fetcher, files.url())


def test_nobody_there_is_reported(fetcher: HttpFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match=str(port)):
        fetched(fetcher, f"http://127.0.0.1:{port}/")

    def unknown(host: str, port: int) -> list[str]:
        raise OSError(host)

    with pytest.raises(Unavailable, match="looked up"):
        fetched(HttpFetcher(resolve=unknown), "http://nowhere.example/")


def test_an_error_tells_the_address_without_its_secret(fetcher: HttpFetcher, files: FileServer) -> None:
    files.statuses = [403]
    with pytest.raises(Invalid) as told:
        fetched(fetcher, files.url("/os.vhd?sig=secret"))
    assert "secret" not in str(told.value)


def test_the_system_looks_names_up() -> None:
    assert resolve_host("127.0.0.1", 80) == ["127.0.0.1"]
