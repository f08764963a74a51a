"""The administrator's settings file, and the page that describes it."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from galeria.adapters import settings_file
from galeria.adapters.settings_file import FILE_NAME, read_settings
from galeria.domain.errors import Invalid
from galeria.domain.images.background import BackgroundLimits
from galeria.domain.labs.machine_accounts import AccountSettings
from galeria.domain.reach.server_settings import RelayLimits, ServerSettings
from galeria.domain.regions import BucketAccess, CloudAccess
from galeria.domain.serving.settings import LogFormat, LogSettings
from galeria.domain.settings import Settings

ROOT = Path(__file__).parents[2]
EXAMPLES = re.compile(r"^```toml\n(.*?)^```", re.M | re.S)


def read(folder: Path, text: str) -> Settings:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return read_settings(folder)


def described() -> str:
    """All examples of the documentation, as one file."""
    pages = ("settings.md", "openid-connect.md")
    return "\n".join(part for page in pages for part in EXAMPLES.findall((ROOT / "docs" / page).read_text("utf-8")))


def names(value: Any, path: str = "") -> set[str]:
    """The settings in a table, such as machines.boot_seconds."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {name for each in value for name in names(each, path)}
    if not isinstance(value, dict) or path.endswith("by_region"):
        return {path}
    return {name for key, each in value.items() for name in names(each, f"{path}.{key}".lstrip("."))}


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


def test_the_examples_of_the_page_are_read(tmp_path: Path) -> None:
    (tmp_path / "openid.secret").write_text("a secret")
    (tmp_path / "mail.secret").write_text("another secret\n")
    (tmp_path / "images-southeast.secret").write_text("a third secret\n")
    (tmp_path / "monitoring.token").write_text("a-token-of-the-monitoring\n")
    (tmp_path / "database.secret").write_text("third:secret\n")
    settings = read(tmp_path, described())
    assert settings.regions.get("brazilsoutheast").store == BucketAccess(
        endpoint="https://s3.example.org",
        account="galeria",
        secret="a third secret",
        signing_region="us-east-1",
        authority="/etc/galeria/s3-ca.pem",
    )
    assert "a third secret" not in repr(settings)
    assert settings.hosts == ("mirror.example.org",)
    assert settings.server.name == "labs.example.org"
    assert settings.server.public_endpoint(8443) == "https://labs.example.org"
    assert settings.server.machine_ports == range(61000, 65536)
    assert settings.server.relay_limits == RelayLimits()
    assert settings.trusted_proxies == ("192.0.2.10/32", "198.51.100.0/24")
    assert [each.name for each in settings.sizes] == ["Small"]
    assert settings.openid is not None
    assert settings.openid.client_secret == "a secret"
    assert settings.mail is not None
    assert (settings.mail.password, settings.mail.used_port) == ("another secret", 587)
    assert settings.database.url == "postgresql://galeria:third%3Asecret@db.example.org/galeria"
    assert "another secret" not in repr(settings)
    assert settings.logs == LogSettings(format=LogFormat.JSON, requests=True)
    assert (settings.monitoring.port, settings.monitoring.token) == (9464, "a-token-of-the-monitoring")
    assert "a-token-of" not in repr(settings)
    assert "third" not in repr(settings)


def test_the_page_and_the_module_describe_the_same_settings() -> None:
    assert names(tomllib.loads(described())) == names(tomllib.loads((settings_file.__doc__ or "").partition("\n")[2]))


def test_accounts_of_machines_begin_at_a_number_or_are_one(tmp_path: Path) -> None:
    assert read(tmp_path, "").accounts == AccountSettings(is_own=True, first=0)
    found = read(tmp_path, "[machines]\nown_accounts = false\nfirst_account = 300000").accounts
    assert found == AccountSettings(is_own=False, first=300_000)


def test_exceptions_are_addresses_networks_and_ports(tmp_path: Path) -> None:
    allowed = "allow = ['10.3.0.20', '10.4.0.0/16', '10.3.0.21:443', '10.3.0.22:53/udp']"
    found = read(tmp_path, f"[network]\n{allowed}\nbridged = false").network
    assert not found.is_bridged
    assert [(str(each.network), each.protocol, each.port) for each in found.exceptions] == [
        ("10.3.0.20/32", "", 0),
        ("10.4.0.0/16", "", 0),
        ("10.3.0.21/32", "tcp", 443),
        ("10.3.0.22/32", "udp", 53),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[server]\nhost = []",
        "[server]\ntrusted_proxies = ['not an address']",
        "[uploads]\nfiles = 3",
        "[uploads]\nper_person = 'many'",
        "[machines]\nboot = 3",
        "[server]\nhosts = 'labs.example.org'",
        "[server]\nhosts = [1]",
        "server = 3",
        "[server]\nname = 'labs example'",
        "[server]\nname = '192.0.2.1'",
        "[server]\nname = 'localhost'",
        "[server]\nname = 3",
        "[server]\nlisten = 'everywhere'",
        "[server]\nport = 70000",
        "[server]\ncertificate = '/etc/chain.pem'",
        "[server]\ncertificate = 'chain.pem'\nkey = 'key.pem'",
        "[server]\nfirst_machine_port = 65000\nlast_machine_port = 64000",
        "[server]\nname = 'labs.example.org'\nport = 61000",
        "[server]\nname = 'labs.example.org'\nfirst_machine_port = 30000",
        "[relay]\nconnections_per_minute = -1",
        "[relay]\nconnections = 1",
        "[uploads]\nper_person = 0",
        "[uploads]\nper_person = true",
        "[uploads]\ngib_per_person = 1.5",
        "[uploads]\ngib_per_person = nan",
        "[uploads]\ngib_per_person = inf",
        "[machines]\nboot_seconds = 'long'",
        "[machines]\nstop_seconds = 0",
        "[machines]\nstop_seconds = nan",
        "[machines]\nown_accounts = 1",
        "[machines]\nfirst_account = 999",
        "[machines]\nfirst_account = 2147483000",
        "[machines]\nboot_seconds = inf",
        "[machines]\nfirst_ssh_port = 5000\nlast_ssh_port = 4000",
        "[machines]\nlast_ssh_port = 70000",
        "machines = []",
        "prices = 3",
        "regions = 3",
        "[sign_in]\nopenid = 3",
        "[sign_in.openid]\nname = 'x'\nissuer = 'https://x'\nclient_id = 'x'\nclient_secret = 'x'\nscopes = 'openid'",
        "[[regions]]\nname = 'here'",
        "[prices]\ngb_month = 'cheap'",
        "[prices]\ngb_month = '-1'",
        "[prices]\ngb_sent = nan",
        "[prices]\nby_region = { here = 'inf' }",
        "[[sizes]]\nname = 'Small'\nvcpus = 'two'\nmemory_mib = 512",
        "[[sizes]]\nname = 'Small'\nvcpus = 2",
        "[[sizes]]\nvcpus = 2\nmemory_mib = 512",
        "[sign_in]\nname = 'x'",
        "[elsewhere]",
        "[server",
    ],
)
def test_a_mistake_names_the_file_and_the_remedy(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match=FILE_NAME) as raised:
        read(tmp_path, text)
    assert "Correct the file" in str(raised.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        "[network]\nallow = '10.3.0.20'",
        "[network]\nallow = ['0.0.0.0/0']",
        "[network]\nallow = ['10.3.0.20/24']",
        "[network]\nallow = ['10.3.0.20:0']",
        "[network]\nallow = ['10.3.0.20:53/icmp']",
        "[network]\nallow = ['licences.example.org:443']",
        "[network]\nresolvers = ['dns.example.org']",
        "[network]\nbridged = 'no'",
        "[network]\nfilter = true",
    ],
)
def test_a_mistake_about_the_network_is_named_as_well(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match=FILE_NAME):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('from = "labs@example.org"', "needs a host"),
        ('host = "mail.example.org"\nfrom = "labs"', "'from' is an e-mail address"),
        ('host = "mail.example.org"\nfrom = "labs@example.org"\ntls = "some"', "'tls' is one of starttls, tls, none"),
        (
            'host = "mail.example.org"\nfrom = "labs@example.org"\nuser = "x"',
            "'user' and 'password_file' belong together",
        ),
        ('host = "mail.example.org"\nfrom = "labs@example.org"\nport = 70000', "'port' is a port"),
        ('host = "mail.example.org"\nfrom = "labs@example.org"\nlanguage = "de"', "'language' is one of"),
        (
            'host = "mail.example.org"\nfrom = "labs@example.org"\nnew_accounts = "yes"',
            "'new_accounts' is true or false",
        ),
        ('host = "mail.example.org"\nfrom = "labs@example.org"\npassword = "secret"', "unknown setting 'password'"),
    ],
)
def test_a_mistake_about_mail_is_named_as_well(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        read(tmp_path, f"[mail]\n{text}")


@pytest.mark.parametrize(
    "text",
    [
        "url = 'sqlite:///galeria.db'",
        "url = 'db.example.org'",
        "url = 'postgresql://db.example.org'",
        "url = 3",
        "password_file = 'database.secret'",
        "url = 'postgresql://db.example.org/galeria'\npassword_file = 'missing'",
    ],
)
def test_a_mistake_about_the_database_is_named_as_well(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match=r"galeria.toml") as told:
        read(tmp_path, f"[database]\n{text}")
    assert told.value.hint


def test_no_password_is_sent_without_encryption(tmp_path: Path) -> None:
    (tmp_path / "mail.secret").write_text("another secret")
    table = '[mail]\nhost = "x"\nfrom = "labs@example.org"\ntls = "none"\nuser = "x"\npassword_file = "mail.secret"'
    with pytest.raises(Invalid, match="not sent without encryption"):
        read(tmp_path, table)


def test_where_people_sign_in_elsewhere_mails_make_no_accounts(tmp_path: Path) -> None:
    mail = '[mail]\nhost = "localhost"\nfrom = "labs@example.org"\n'
    provider = '[sign_in.openid]\nname = "Campus"\nissuer = "https://login.example.org"\nclient_id = "galeria"\n'
    for text, accounts in ((mail, True), (mail + provider, False), (mail + "new_accounts = true\n" + provider, True)):
        settings = read(tmp_path, text)
        assert settings.mail is not None
        assert settings.mail.new_accounts is accounts


def test_with_a_public_name_every_address_is_listened_on_and_else_the_loopback() -> None:
    assert ServerSettings().address == "127.0.0.1"
    assert ServerSettings(name="labs.example.org").address == "*"
    assert ServerSettings(name="labs.example.org", listen="192.0.2.1").address == "192.0.2.1"
    assert ServerSettings(name="labs.example.org").public_endpoint(8443) == "https://labs.example.org:8443"


@pytest.mark.parametrize(
    ("bucket", "store", "fault"),
    [
        ("s3://images", "endpoint = 's3.example.org'", "an address such as"),
        ("s3://images", "endpoint = 'http://s3.example.org'", "without TLS"),
        ("s3://images", "account = 'galeria'", "belong together"),
        ("s3://images", "secret_file = 'none'", "belong together"),
        ("s3://images", "account = 'galeria'\nsecret_file = 'none'", "none"),
        ("s3://images", "allow_http = 1", "true or false"),
        ("s3://images", "authority = 'ca.pem'", "whole path"),
        ("s3://images", "secret = 'x'", "unknown setting 'secret'"),
        ("", "endpoint = 'https://s3.example.org'", "belongs to a 'bucket_url'"),
    ],
)
def test_a_store_that_cannot_be_meant_is_refused(tmp_path: Path, bucket: str, store: str, fault: str) -> None:
    region = f"[[regions]]\nname = 'a'\ndisplay_name = 'A'\ngeography = 'g'\nbucket_url = '{bucket}'"
    with pytest.raises(Invalid, match=fault):
        read(tmp_path, f"{region}\n[regions.store]\n{store}")


def test_work_in_the_background_has_a_share(tmp_path: Path) -> None:
    assert read_settings(tmp_path).background == BackgroundLimits()
    (tmp_path / "galeria.toml").write_text("[background]\ndisk_mib_per_second = 8\nprocessor_percent = 100\n")
    background = read_settings(tmp_path).background
    assert (background.rate, background.processor_percent, background.operation_days) == (8 << 20, 100, 90)
    (tmp_path / "galeria.toml").write_text("[background]\noperation_days = 0\n")
    assert read_settings(tmp_path).background.operation_days == 0
    shares = ("processor_percent = 0", "processor_percent = 101", "disk_mib_per_second = -1", "disk = 1")
    for wrong in (
        *shares,
        "operation_days = -1",
        "operation_days = 36501",
        "scrub_days = 36501",
        "operation_days = 1.5",
    ):
        (tmp_path / "galeria.toml").write_text(f"[background]\n{wrong}\n")
        with pytest.raises(Invalid):
            read_settings(tmp_path)


CAMPUS = "[[regions]]\nname = 'a'\ndisplay_name = 'A'\ngeography = 'g'\n"


def test_a_region_in_a_cloud_is_read(tmp_path: Path) -> None:
    (tmp_path / "clouds.yaml").write_text("clouds: {}")
    own = "engine = 'openstack'\ncloud = 'campus'\nnetwork = 'labs'\nclouds_file = 'clouds.yaml'"
    region = read(tmp_path, CAMPUS + own).regions.get("a")
    assert region.cloud == CloudAccess(name="campus", network="labs", file=str(tmp_path / "clouds.yaml"))
    hosts = "\nreached_from = ['10.3.0.20', '10.3.1.0/24']"
    several = read(
        tmp_path, f"{CAMPUS}{own}{hosts}\n[database]\nurl = 'postgresql://galeria@localhost/galeria'"
    ).regions
    cloud = several.get("a").cloud
    assert cloud
    assert cloud.reached_from == ("10.3.0.20/32", "10.3.1.0/24")
    assert read(tmp_path, CAMPUS + "engine = 'libvirt'").regions.get("a").cloud is None


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ("engine = 'vmware'", "'libvirt' or 'openstack'"),
        ("engine = 'openstack'\ncloud = 'campus'", "needs 'cloud'"),
        ("engine = 'openstack'\nnetwork = 'labs'", "needs 'cloud'"),
        (
            "engine = 'openstack'\ncloud = 'c'\nnetwork = 'n'\n[database]\nurl = 'postgresql://galeria@localhost/galeria'",
            "shared database needs 'reached_from' in region 'a'",
        ),
        ("engine = 'openstack'\ncloud = 'c'\nnetwork = 'n'\nreached_from = ['campus']", "campus"),
        ("reached_from = ['10.3.0.20']", "belong to engine = 'openstack'"),
        ("cloud = 'campus'", "belong to engine = 'openstack'"),
        ("engine = 'openstack'\ncloud = 'c'\nnetwork = 'n'\nclouds_file = 'none'", "there is no file"),
    ],
)
def test_a_cloud_that_cannot_be_meant_is_refused(tmp_path: Path, settings: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        read(tmp_path, CAMPUS + settings)
