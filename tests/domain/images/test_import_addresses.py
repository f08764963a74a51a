"""Which addresses may be asked for a file, and which may not."""

import pytest

from galeria.domain.errors import Invalid
from galeria.domain.images.import_addresses import allowed_hosts, read_address, require_public, require_public_literal
from galeria.domain.network_addresses import non_public_kind

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::a00:1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::10.0.0.1",
    "2002:a00:1::",
    "2002:7f00:1::1",
    "2001:0:a00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff:ffff::1",
    "3ffe::1",
    "5f00::1",
    "4000::1",
    "e000::1",
    "100::1",
    "2001:20::1",
    "2001:10::1",
]


@pytest.mark.parametrize("ip", PRIVATE)
def test_what_is_not_of_the_public_internet_is_refused(ip: str) -> None:
    with pytest.raises(Invalid, match="files\\.example") as told:
        require_public("files.example", non_public_kind(ip))
    assert "--allow-import-from files.example" in told.value.hint


@pytest.mark.parametrize(
    "ip", ["8.8.8.8", "20.60.1.1", "2001:4860::8", "2606:4700::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_let_through(ip: str) -> None:
    require_public("files.example", non_public_kind(ip))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "os.vhd",
        "ftp://files.example/os.vhd",
        "file:///etc/passwd",
        "gopher://files.example/",
        "http:///os.vhd",
        "http://",
        "http://user@files.example/os.vhd",
        "http://user:pass@files.example/os.vhd",
        "http://@files.example/os.vhd",
        "http://files.example:0/os.vhd",
        "http://files.example:99999/os.vhd",
        "http://files.example:x/os.vhd",
        "http://files.example/os vhd",
        "http://files.example/\r\nHost: other",
        "http://files.example\\@127.0.0.1/",
        "http://[::1/os.vhd",
        "http://[v1.x]/os.vhd",
        "http://fïles.example/os.vhd",
        "http://files.example/" + "a" * 5000,
    ],
)
def test_what_is_no_plain_web_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_address(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"])
def test_an_address_in_the_place_of_a_name_is_judged_without_asking(host: str) -> None:
    with pytest.raises(Invalid):
        require_public_literal(read_address(f"http://{host}/os.vhd"))


def test_names_are_not_looked_up_here() -> None:
    require_public_literal(read_address("https://localhost/os.vhd"))


def test_an_address_is_shown_without_its_secrets() -> None:
    address = read_address("HTTPS://Files.Example.:8443/a/os.vhd?sv=1&sig=secret")
    assert (address.host, address.port, address.target) == ("files.example", 8443, "/a/os.vhd?sv=1&sig=secret")
    assert address.shown == "https://files.example:8443/a/os.vhd"
    assert read_address("http://[2A00::1]").shown == "http://[2a00::1]/"


def test_allowed_are_hosts_with_or_without_a_port() -> None:
    allowed = allowed_hosts(("Files.Campus", "10.0.0.5:8080", "[fd00::1]"))
    for text, is_allowed in (
        ("http://files.campus/x", True),
        ("https://FILES.campus:444/x", True),
        ("http://10.0.0.5:8080/x", True),
        ("http://10.0.0.5/x", False),
        ("http://[fd00::1]/x", True),
        ("http://other.campus/x", False),
        ("http://files.campus.evil.example/x", False),
    ):
        assert read_address(text).is_among(allowed) is is_allowed, text


@pytest.mark.parametrize(
    "name", ["", "http://files.campus", "files.campus/x", "a@b", "files.campus:x", "files.campus:0"]
)
def test_what_is_no_host_cannot_be_allowed(name: str) -> None:
    with pytest.raises(Invalid):
        allowed_hosts((name,))
