"""The administrator's settings: `galeria.toml` in the data directory. Settings that it leaves out keep their defaults.

[prices]
currency = "BRL"
gb_month = "0.26"
gb_sent = "0.10"
by_region = { brazilsoutheast = "0.31" }

[[regions]]
name = "brazilsouth"
display_name = "Brazil South"
geography = "brazil"
bucket_url = "s3://images-south"        # empty: a folder below the data directory

[regions.store]                         # how that bucket is reached; what is left out comes from the environment
endpoint = "https://s3.example.org"     # none: the cloud's own
account = "galeria"                     # S3's access key id, or Azure's storage account
secret_file = "images-south.secret"     # below the data directory
signing_region = "us-east-1"            # that S3 requests are signed for
allow_http = false                      # true: the endpoint may be without TLS
authority = "/etc/galeria/s3-ca.pem"    # what its certificate is signed by; none: what this computer trusts

[[sizes]]
name = "Small"
vcpus = 2
memory_mib = 4096

[sign_in.openid]                        # people of a provider of OpenID Connect; see docs/openid-connect.md
name = "Campus"                         # on the button
issuer = "https://login.example.org"
client_id = "galeria"
client_secret_file = "openid.secret"    # below the data directory; or client_secret
scopes = ["openid", "profile", "email"]
name_claim = "preferred_username"       # becomes the user name here
names_are_assigned = false              # nobody chooses that name there, so that it may be an address that is not verified
allowed_domains = ["example.org"]       # of verified e-mail addresses; none: everybody
link_by_email = false                   # a verified address that is a user name here is that person
create_people = true                    # else an administrator links each account
role = "Lab Creator"                    # of new people; none: no role
resource_group = "galeria"              # where that role counts

[mail]                                  # invitations to labs are sent by it; without this part none are
host = "mail.example.org"
port = 587
tls = "starttls"                        # or "tls", or "none" for a server on this computer
user = "galeria"                        # none: the server takes mails without a sign-in
password_file = "mail.secret"           # below the data directory
from = "labs@example.org"
authority = "/etc/galeria/mail-ca.pem"  # what the server's certificate is signed by; none: what this computer trusts
language = "pt-BR"                      # of invitations for which nobody chose one: "en" or "pt-BR"
new_accounts = true                     # whoever has no account makes one by the invitation; else false with sign_in.openid

[server]
worker_process = true                   # operations are worked on in a process of its own, so that pages need not wait for it
stop_seconds = 10                       # how long a stop waits for requests and steps; what remains goes on at the next start
listen = "*"                            # the address to listen on; "*": every one
port = 8443
name = "labs.example.org"               # under which others reach the server and its machines; none: this host only
public_port = 443                       # of the pages and the API there, where a proxy in front has another
certificate = "/etc/galeria/chain.pem"  # for that name; none: one that the installation's authority signs
key = "/etc/galeria/key.pem"
machines_listen = "*"                   # the address on which machines are reached
first_machine_port = 61000
last_machine_port = 65535
hosts = ["mirror.example.org"]          # more names under which people reach the server
trusted_proxies = ["192.0.2.10"]        # addresses or networks; none: X-Forwarded-For is not believed

[uploads]
per_person = 50                         # files of one person at a time
gib_per_person = 8192                   # bytes that they announce together, in GiB
in_all = 2000                           # files of everybody
gib_in_all = 65536
at_once_per_person = 4                  # received at the same moment
at_once = 32
least_kib_per_second = 4                # 0: as slowly as the sender likes

[database]                              # see docs/scale.md
url = "postgresql://galeria@db.example.org/galeria"  # none: a file in the data directory, for this computer only
password_file = "database.secret"       # below the data directory; or in the address

[audit]
copy = "/mnt/elsewhere/activity.jsonl"  # the activity log's second copy; best on another computer's disk

[relay]
connections_per_minute = 300            # from one address to all machines; 0: any number
machine_connections_per_minute = 60     # to one machine
short_sessions = 20                     # of SSH to one machine in ten minutes, such as with wrong passwords

[network]
bridged = true                          # false: each machine has a network of its own, and reaches nothing
allow = ["10.3.0.20:443"]               # what machines reach although it is private: ADDRESS, NETWORK, ADDRESS:PORT[/udp]
resolvers = ["10.3.0.53"]               # name servers for machines' questions; none: those of this host

[limits]
labs_per_person = 500
labs_per_account = 5000                 # of one lab account
labs = 10000                            # of everybody together
machines_per_person = 5000              # in all labs that the person made
machines_per_account = 25000
machines = 50000
exports_per_person = 50                 # under way at the same time
exports_per_account = 100
exports = 200
operations_per_person = 200             # under way at the same time
operations = 2000

[disks]
margin_gib = 1                          # stays free on every disk; a share in percent counts where it is more
margin_percent = 0

[background]                            # what checks and clears stores, joins machines' layers, removes old operations
disk_mib_per_second = 50                # 0: any number
processor_percent = 20                  # of one processor
scrub_days = 30                         # between two checks of all that a store keeps; 0: never
operation_days = 90                     # for which operations are kept that have ended; 0: for ever

[requests]
reads_per_minute = 12000                # of one person; 0: any number
writes_per_minute = 3000
strangers_per_minute = 6000             # from one address, of whoever is not signed in

[logs]
format = "json"                         # or "text"
requests = true                         # a line for each request

[monitoring]                            # for Prometheus, apart from pages and API
listen = "127.0.0.1"                    # another address needs a token
port = 9464                             # of a server; 0: nobody listens
worker_port = 9465                      # of a worker in a process of its own
token_file = "monitoring.token"         # below the data directory; none: who reaches the address may read

[machines]
first_ssh_port = 16384                  # on the loopback
last_ssh_port = 32767
boot_seconds = 300
stop_seconds = 60
memory_mib = 12288                      # of all running machines; none: the host's, less a reserve
starts_at_once = 4                      # machines that are starting at the same moment
own_accounts = true                     # a number of the host's users for each machine's process; false: one for all
first_account = 0                       # the first of 65536 such numbers; 0: one that nothing else should have
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from galeria.adapters.account_settings import read_accounts
from galeria.adapters.database_settings import read_database
from galeria.adapters.mail_settings import read_mail
from galeria.adapters.network_settings import read_network
from galeria.adapters.openid_settings import read_openid
from galeria.adapters.region_settings import read_region, require_known_hosts
from galeria.adapters.serving_settings import read_logs, read_monitoring, read_server
from galeria.adapters.settings_values import (
    networks_of,
    path_of,
    port_range,
    require_only,
    seconds_of,
    texts_of,
    whole_number,
    whole_numbers,
)
from galeria.domain.disk_margin import DiskMargin
from galeria.domain.errors import Invalid
from galeria.domain.ids import location_name
from galeria.domain.labs.sizes import Size
from galeria.domain.labs.start_queue import StartLimits
from galeria.domain.limits import Limit, Limits
from galeria.domain.messages import Message
from galeria.domain.prices import Prices
from galeria.domain.regions import Regions
from galeria.domain.request_rates import RequestRates
from galeria.domain.settings import Settings
from galeria.domain.units import GB

FILE_NAME = "galeria.toml"
MOST_PERCENT = 90  # of a disk that is kept free


def read_settings(data: Path) -> Settings:
    """Read the settings. Raises Invalid with the file and the fault in it. A missing file gives the defaults."""
    path = data / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    try:
        return _settings(tomllib.loads(text), data)
    except (
        tomllib.TOMLDecodeError,
        TypeError,
        KeyError,
        ValueError,
        AttributeError,
        OSError,
        InvalidOperation,
    ) as error:
        raise Invalid(
            Message("The settings in {path} cannot be used: {error}.", path=str(path), error=str(error)),
            hint=Message("Correct the file, or move it away for the defaults."),
        ) from error


def _settings(table: Mapping[str, Any], data: Path) -> Settings:
    require_only(
        table,
        {
            "prices",
            "regions",
            "sizes",
            "sign_in",
            "server",
            "uploads",
            "audit",
            "relay",
            "limits",
            "disks",
            "requests",
            "machines",
            "network",
            "mail",
            "logs",
            "monitoring",
            "background",
            "database",
        },
        word="part",
    )
    server = read_server(table.get("server", {}), table.get("relay", {}))
    require_only(table.get("audit", {}), {"copy"})
    defaults = Settings()
    regions = tuple(read_region(each, data) for each in table.get("regions", ()))
    sizes = tuple(_size(each) for each in table.get("sizes", ()))
    machines = _machines(table.get("machines", {}), defaults)
    inside = range(machines["first_ssh_port"], machines["last_ssh_port"] + 1)
    if server.name and (set(inside) & set(server.machine_ports) or server.port in server.machine_ports):
        raise ValueError("'first_machine_port' to 'last_machine_port' hold ports that are used for something else")
    database = read_database(table.get("database", {}), data)
    require_known_hosts(regions, is_shared=database.is_shared)
    openid = read_openid(table["sign_in"], data) if "sign_in" in table else None
    return Settings(
        server=server,
        regions=Regions(regions) if regions else defaults.regions,
        sizes=sizes or defaults.sizes,
        prices=_prices(table["prices"]) if "prices" in table else defaults.prices,
        openid=openid,
        mail=read_mail(table["mail"], data, new_accounts=openid is None) if "mail" in table else None,
        **_uploads(table.get("uploads", {}), defaults),
        hosts=tuple(each.lower() for each in texts_of(table.get("server", {}), "hosts")),
        trusted_proxies=networks_of(table.get("server", {}), "trusted_proxies"),
        database=database,
        audit_copy=path_of(table.get("audit", {}), "copy"),
        limits=_limits(table.get("limits", {}), defaults.limits),
        disk_margin=_margin(table.get("disks", {}), defaults.disk_margin),
        background=whole_numbers(table.get("background", {}), defaults.background),
        request_rates=_rates(table.get("requests", {}), defaults.request_rates),
        logs=read_logs(table.get("logs", {})),
        monitoring=read_monitoring(table.get("monitoring", {}), data),
        network=read_network(table.get("network", {})),
        **machines,
    )


def _machines(table: Mapping[str, Any], defaults: Settings) -> dict[str, Any]:
    own = {"memory_mib", "starts_at_once", "own_accounts", "first_account"}
    require_only(table, {"first_ssh_port", "last_ssh_port", "boot_seconds", "stop_seconds"} | own)
    first, last = port_range(table, ("first_ssh_port", "last_ssh_port"), defaults)
    return {
        "first_ssh_port": first,
        "last_ssh_port": last,
        "boot_seconds": seconds_of(table, "boot_seconds", defaults.boot_seconds),
        "stop_seconds": seconds_of(table, "stop_seconds", defaults.stop_seconds),
        "starts": StartLimits(
            memory_mib=whole_number(table, "memory_mib", 0, least=0),
            at_once=whole_number(table, "starts_at_once", defaults.starts.at_once, least=1),
        ),
        "accounts": read_accounts(table),
    }


def _uploads(table: Mapping[str, Any], defaults: Settings) -> dict[str, Any]:
    names = {
        "per_person": "uploads_per_person",
        "gib_per_person": "upload_gib_per_person",
        "in_all": "uploads_in_all",
        "gib_in_all": "upload_gib_in_all",
        "at_once_per_person": "uploads_at_once_per_person",
        "at_once": "uploads_at_once",
        "least_kib_per_second": "upload_least_kib_per_second",
    }
    require_only(table, set(names))
    return {
        field: whole_number(table, name, getattr(defaults, field), least=name != "least_kib_per_second")
        for name, field in names.items()
    }


def _limits(table: Mapping[str, Any], defaults: Limits) -> Limits:
    limits = {each.name: getattr(defaults, each.name) for each in fields(Limits)}
    accounted = {each for each, limit in limits.items() if limit.per_account is not None}
    own = {name for each in limits for name in (each, f"{each}_per_person")}
    require_only(table, own | {f"{each}_per_account" for each in accounted})
    return Limits(
        **{
            name: Limit(
                per_person=whole_number(table, f"{name}_per_person", limit.per_person),
                in_all=whole_number(table, name, limit.in_all),
                per_account=whole_number(table, f"{name}_per_account", limit.per_account)
                if name in accounted
                else None,
            )
            for name, limit in limits.items()
        }
    )


def _margin(table: Mapping[str, Any], defaults: DiskMargin) -> DiskMargin:
    require_only(table, {"margin_gib", "margin_percent"})
    percent = whole_number(table, "margin_percent", defaults.percent, least=0)
    if percent > MOST_PERCENT:
        raise ValueError(f"'margin_percent' is at most {MOST_PERCENT}")
    return DiskMargin(size=whole_number(table, "margin_gib", defaults.size // GB, least=0) * GB, percent=percent)


def _rates(table: Mapping[str, Any], defaults: RequestRates) -> RequestRates:
    names = {each.name: f"{each.name}_per_minute" for each in fields(RequestRates)}
    require_only(table, set(names.values()))
    return RequestRates(
        **{each: whole_number(table, name, getattr(defaults, each), least=0) for each, name in names.items()}
    )


def _size(table: Mapping[str, Any]) -> Size:
    require_only(table, {"name", "vcpus", "memory_mib"})
    return Size(
        name=str(table["name"]), vcpus=whole_number(table, "vcpus", 0), memory_mib=whole_number(table, "memory_mib", 0)
    )


def _price(value: object) -> Decimal:
    price = Decimal(str(value))
    if not price.is_finite() or price < 0:
        raise ValueError(f"'{value}' is no price")
    return price


def _prices(table: Mapping[str, Any]) -> Prices:
    defaults = Prices()
    require_only(table, {"currency", "gb_month", "gb_sent", "by_region"}, word="price")
    return Prices(
        currency=str(table.get("currency", defaults.currency)),
        gb_month=_price(table.get("gb_month", defaults.gb_month)),
        gb_sent=_price(table.get("gb_sent", defaults.gb_sent)),
        by_region={location_name(name): _price(price) for name, price in table.get("by_region", {}).items()},
        are_examples=False,
    )
