"""Imports by address in a whole internet: whatever names, redirects and servers do, nothing private sees a connection.

Every address answers here, so that whoever came there would get a file.
"""

from typing import Any

import pytest

from tests.adapters.network.namespaces import GALERIA_4, GALERIA_6
from tests.adapters.network.pages import file, for_ever, moved
from tests.adapters.network.running import Outcome, World

pytestmark = pytest.mark.slow

URL = "http://files.example/os.vhd"
PUBLIC, PUBLIC_6, PRIVATE = "8.8.8.8", "2a00:1450::8", "10.0.0.5"
HEAD = "HTTP/1.1 200 OK\r\n"
NOT_PUBLIC = [
    PRIVATE,
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "100.64.0.1",
    "168.63.129.16",
    "0.0.0.0",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    GALERIA_4,
    "::1",
    "::",
    "::ffff:10.0.0.5",
    "::ffff:127.0.0.1",
    f"::ffff:{GALERIA_4}",
    "::10.0.0.5",
    "64:ff9b::10.0.0.5",
    "64:ff9b:1::10.0.0.5",
    "2002:a00:5::1",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffa",  # Teredo of 10.0.0.5
    "fe80::1",
    "fec0::1",
    "fd00::5",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    GALERIA_6,
]


def fetch(world: World, url: str = URL, *, allowed: tuple[str, ...] = (), **more: Any) -> Outcome:
    return world.act("fetch", url=url, allowed=list(allowed), **more)


def is_untouched(outcome: Outcome) -> bool:
    return (outcome.error, outcome.connections, outcome.asked) == ("Invalid", [], [])


def test_a_public_file_is_fetched_past_the_proxies_of_the_environment(world: World) -> None:
    names = {"files.example": [[PUBLIC]]}
    for scheme, port in (("http", 80), ("https", 443)):
        outcome = fetch(
            world, f"{scheme}://files.example/os.vhd", names=names, pages={"files.example/os.vhd": [file()]}
        )
        assert outcome.connections == [f"{PUBLIC}:{port}"]
        assert (outcome.more["content"], outcome.more["is_whole"]) == ("disk", True)


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_an_address_that_is_not_public_sees_no_connection(world: World, ip: str) -> None:
    literal = f"[{ip}]" if ":" in ip else ip
    assert is_untouched(fetch(world, f"http://{literal}/os.vhd"))
    for answer in ([ip], [PUBLIC, ip], [ip, PUBLIC], [PUBLIC_6, ip], [ip, PUBLIC_6]):
        outcome = fetch(world, names={"files.example": [answer]})
        assert is_untouched(outcome), (answer, outcome)
        assert "'files.example' leads to a" in outcome.text


@pytest.mark.parametrize("ip", [PUBLIC, PUBLIC_6, "64:ff9b::8.8.8.8", "2002:808:808::1", "::ffff:8.8.8.8"])
def test_an_address_that_is_public_does(world: World, ip: str) -> None:
    outcome = fetch(world, names={"files.example": [[ip]]})
    assert outcome.more["content"] == "canary"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "galeria.example",
        "galeria.example.",
        "127.0.0.1.",
        "127.1",
        "0",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "10.0x0.5",
        "012.0.0.5",
        "167772165",
        "[::ffff:7f00:1]",
        "[::ffff:0a00:0005]",
        "[0:0:0:0:0:0:0:1]",
        "[::1%25lo]",
        "[fe80::1%25galeria]",
        "１２７.0.0.1",
        "127。0。0。1",
        "ⓛocalhost",
        "xn--ocalhost-4m3d",
        "%31%32%37.0.0.1",
        "127.0.0.1%00.files.example",
        "files.example@10.0.0.5",
        "10.0.0.5#@files.example",
        "10.0.0.5\\@files.example",
        "10.0.0.5\t",
        "files.example\r\nHost: x",
        "files.example:80@10.0.0.5",
        "",
    ],
)
def test_a_host_written_in_another_way_leads_nowhere_else(world: World, host: str) -> None:
    outcome = fetch(world, f"http://{host}/os.vhd", names={"files.example": [[PUBLIC]]})
    assert outcome.error in ("Invalid", "Unavailable")
    assert (outcome.connections, outcome.asked) == ([], [])


def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing(world: World) -> None:
    for later in (PRIVATE, "127.0.0.1", GALERIA_4, "::1"):
        outcome = fetch(world, names={"files.example": [[PUBLIC], [later]]})
        assert (outcome.more["content"], outcome.connections) == ("canary", [f"{PUBLIC}:80"])


def test_every_connection_looks_the_name_up_and_judges_it_again(world: World) -> None:
    rebound = {"files.example": [[PUBLIC], [PRIVATE]]}
    outcome = fetch(world, names=rebound, pages={"files.example/os.vhd": [moved("/again")]})
    assert (outcome.error, outcome.connections) == ("Invalid", [f"{PUBLIC}:80"])
    assert is_untouched(fetch(world, names={"files.example": [[PRIVATE]]}, offset=1000, tag='"1"'))


def test_an_alias_is_judged_by_where_it_leads(world: World) -> None:
    names = {"files.example": [["=store.example"]], "store.example": [["=deep.example"]]}
    assert is_untouched(fetch(world, names={**names, "deep.example": [[PRIVATE]]}))
    assert fetch(world, names={**names, "deep.example": [[PUBLIC]]}).more["content"] == "canary"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.5/",
        "http://inner.example/",
        "https://inner.example/",
        "http://10.0.0.5:22/",
        "//10.0.0.5/x",
        "http:10.0.0.5",
        "http://[::ffff:10.0.0.5]/",
        "http://2130706433/",
        "http://name:word@other.example/",
        "http://other.example@10.0.0.5/",
        "file:///etc/passwd",
        "ftp://other.example/os.vhd",
        "gopher://10.0.0.5:22/_x",
        "javascript:alert(1)",
        "data:text/plain,disk",
        "unix:/run/libvirt/libvirt-sock",
        "http://other.example/a b",
        "http://other.example/\x00",
        "http://other.example:99999/",
        "http://[",
        "",
    ],
)
def test_no_redirect_leads_to_what_the_address_itself_may_not(world: World, location: str, status: str) -> None:
    names = {"files.example": [[PUBLIC]], "other.example": [["1.1.1.1"]], "inner.example": [[PRIVATE]]}
    pages = {
        "files.example/os.vhd": [moved("http://other.example/os.vhd", status)],
        "other.example/os.vhd": [moved(location, status)],
    }
    outcome = fetch(world, names=names, pages=pages)
    if location == "http:10.0.0.5":  # RFC 3986 §5.2.2: a path below the same host, as browsers and libraries read it
        assert outcome.connections == [f"{PUBLIC}:80", "1.1.1.1:80"]
        return
    assert outcome.error == "Invalid"
    allowed = {f"{PUBLIC}:80", "1.1.1.1:80"}
    assert set(outcome.connections) == allowed
    assert {each["at"] for each in outcome.asked} == allowed


def test_redirects_end_and_lose_no_encryption(world: World) -> None:
    names = {"files.example": [[PUBLIC]], "other.example": [["1.1.1.1"]]}
    round_and_round = {"files.example/os.vhd": [moved("http://other.example/")], "other.example/": [moved(URL)]}
    outcome = fetch(world, names=names, pages=round_and_round)
    assert "more than 5 times" in outcome.text
    assert len(outcome.asked) == 6
    secure = URL.replace("http:", "https:")
    outcome = fetch(world, secure, names=names, pages=round_and_round)
    assert "sends from https to an address without encryption" in outcome.text
    assert outcome.connections == [f"{PUBLIC}:443"]


def test_nothing_that_one_host_says_or_was_told_is_told_to_the_next(world: World) -> None:
    names = {"files.example": [[PUBLIC]], "other.example": [["1.1.1.1"]]}
    setting = {"Set_Cookie": "a=b; Domain=example", "WWW_Authenticate": "Basic"}
    pages = {"files.example/os.vhd?sig=hush": [moved("https://other.example/os.vhd", **setting)]}
    outcome = fetch(world, f"{URL}?sig=hush", names=names, pages=pages)
    first, second = (each["head"].lower() for each in outcome.asked)
    assert "sig=hush" in first
    assert "hush" not in second
    for header in ("authorization:", "cookie:", "referer:", "origin:", "proxy-"):
        assert header not in first + second


@pytest.mark.parametrize(
    ("url", "allowed", "fetched"),
    [
        ("http://inner.example/os.vhd", "inner.example", True),
        ("http://INNER.example./os.vhd", "inner.example", True),
        ("http://inner.example/os.vhd", "Inner.example.", True),
        ("http://inner.example:8080/os.vhd", "inner.example:8080", True),
        ("http://inner.example/os.vhd", "inner.example:8080", False),
        ("http://sub.inner.example/os.vhd", "inner.example", False),
        ("http://inner.example.other.example/os.vhd", "inner.example", False),
        ("http://10.0.0.5/os.vhd", "inner.example", False),
        ("http://inner.example/os.vhd", "10.0.0.5", False),
        ("http://[fd00::5]/os.vhd", "[fd00::5]", True),
    ],
)
def test_an_allowed_host_allows_no_other(world: World, url: str, allowed: str, fetched: bool) -> None:
    inner = ("inner.example", "sub.inner.example", "inner.example.other.example")
    outcome = fetch(world, url, allowed=(allowed,), names={name: [[PRIVATE]] for name in inner})
    assert bool(outcome.connections) is fetched, outcome
    assert (outcome.error == "") is fetched


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.5/x",
        "http://other.example/x",
        "http://localhost/",
        "http://galeria.example/",
        "http://[fd00::5]/",
    ],
)
def test_an_allowed_host_sends_on_to_no_other(world: World, location: str) -> None:
    names = {"inner.example": [[PRIVATE]], "other.example": [["10.0.0.6"]]}
    pages = {"inner.example/os.vhd": [moved(location)]}
    outcome = fetch(world, "http://inner.example/os.vhd", allowed=("inner.example",), names=names, pages=pages)
    assert (outcome.code, outcome.connections) == ("ImportAddressRefused", [f"{PRIVATE}:80"])


def test_a_certificate_counts_for_its_name(world: World) -> None:
    for host in ("unknown.example", PUBLIC):
        outcome = fetch(world, f"https://{host}/os.vhd", names={"unknown.example": [[PUBLIC]]})
        assert "is not trusted" in outcome.text
        assert outcome.asked == []


@pytest.mark.parametrize(
    "page",
    [
        for_ever("", "H", 0.05),
        for_ever(HEAD, "X: y\r\n", 0.05),
        for_ever("", "HTTP/1.1 100 Continue\r\n\r\n", 0.05),
        for_ever("HTTP/1.1 302 Found\r\nLocation: /x\r\n", "X: y\r\n", 0.05),
        for_ever(HEAD, "X: " + "y" * 65_536),
        {"send": "SSH-2.0-OpenSSH_9.2\r\n"},
        {"send": ""},
    ],
    ids=lambda page: str(page)[:50],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_head_that_does_not_end_is_waited_for_no_longer_than_any(
    world: World, page: dict[str, Any], scheme: str
) -> None:
    outcome = fetch(
        world,
        f"{scheme}://files.example/os.vhd",
        names={"files.example": [[PUBLIC]]},
        pages={"files.example/os.vhd": [page]},
    )
    assert outcome.error == "Unavailable"
    assert "does not answer" in outcome.text
    assert outcome.seconds < 20


@pytest.mark.parametrize(
    "page",
    [
        for_ever(f"{HEAD}Content-Length: 99999999\r\n\r\n", "d", 0.05),
        for_ever(f"{HEAD}\r\n", "d", 0.05),
        for_ever(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n", "1\r\nd\r\n", 0.05),
        for_ever(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n1", " ", 0.05),
    ],
    ids=lambda page: str(page)[:70],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_body_that_drips_is_given_up_and_what_came_is_kept(world: World, page: dict[str, Any], scheme: str) -> None:
    outcome = fetch(
        world,
        f"{scheme}://files.example/os.vhd",
        names={"files.example": [[PUBLIC]]},
        pages={"files.example/os.vhd": [page]},
    )
    assert outcome.seconds < 20
    assert outcome.more["is_whole"] is False
    assert outcome.more["bytes"] > 2 or "chunked\r\n\r\n1'" in str(page) or "\r\n1" in page["send"]


@pytest.mark.parametrize(
    ("page", "content", "is_whole"),
    [
        (file("disk", Content_Length="9"), "disk", False),
        (file("disk", Content_Length="3"), "dis", True),
        (file("disk", Content_Length="-1"), "disk", True),
        (file("disk", Content_Length="four"), "disk", True),
        (file("disk", Content_Length="99999999999999999999"), "disk", False),
        (file("4\r\ndisk\r\n0\r\n\r\n", Transfer_Encoding="chunked", Content_Length="9"), "disk", False),
        (file("4\r\ndisk\r\n", Transfer_Encoding="chunked", Content_Length=""), "disk", False),
        (file("z\r\ndisk\r\n", Transfer_Encoding="chunked", Content_Length=""), "", False),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_a_length_that_lies_makes_no_file_whole(
    world: World, page: dict[str, Any], content: str, is_whole: bool
) -> None:
    outcome = fetch(world, names={"files.example": [[PUBLIC]]}, pages={"files.example/os.vhd": [page]})
    assert (outcome.more["content"], outcome.more["is_whole"]) == (content, is_whole)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Encoding": "gzip"},
        {"Content_Encoding": "identity, gzip"},
        {"Content_Encoding": "br"},
        {"Transfer_Encoding": "gzip, chunked"},
        {"Transfer_Encoding": "identity"},
    ],
    ids=str,
)
def test_a_packed_file_is_not_unpacked(world: World, headers: dict[str, str]) -> None:
    page = file("\x1f\x8b\x08", **headers)
    outcome = fetch(world, names={"files.example": [[PUBLIC]]}, pages={"files.example/os.vhd": [page]})
    assert (outcome.error, outcome.code) == ("Invalid", "ImportRefused")
    assert "packed" in outcome.text


PART = {"status": "206 Partial Content", "Content_Range": "bytes 4-7/8"}


@pytest.mark.parametrize(
    ("answers", "offset", "content"),
    [
        ([file("disk", **PART, ETag='"1"')], 4, "disk"),
        ([file("more", **PART, ETag='"2"'), file("new file", ETag='"2"')], 0, "new file"),
        ([file("more", **PART), file("new file", ETag='"2"')], 0, "new file"),
        ([file("more", **PART, ETag='W/"1"'), file("new file", ETag='"2"')], 0, "new file"),
        ([file("new file", ETag='"2"')], 0, "new file"),
    ],
    ids=str,
)
def test_parts_of_two_files_never_become_one(
    world: World, answers: list[dict[str, Any]], offset: int, content: str
) -> None:
    pages = {"files.example/os.vhd": answers}
    outcome = fetch(world, names={"files.example": [[PUBLIC]]}, pages=pages, offset=4, tag='"1"')
    assert (outcome.more["offset"], outcome.more["content"], outcome.more["is_whole"]) == (offset, content, True)


@pytest.mark.parametrize("range", ["bytes 0-3/8", "bytes 5-7/8", "bytes 4-7/*", "pages 4-7/8", ""])
def test_a_part_that_was_not_asked_for_is_refused(world: World, range: str) -> None:
    page = file("disk", status="206 Partial Content", Content_Range=range, ETag='"1"')
    outcome = fetch(
        world, names={"files.example": [[PUBLIC]]}, pages={"files.example/os.vhd": [page]}, offset=4, tag='"1"'
    )
    assert outcome.error == "Unavailable"
    assert "another part of the file" in outcome.text
