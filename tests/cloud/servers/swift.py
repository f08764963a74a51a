"""OpenStack Swift with its S3 interface: account, container, object and proxy server over one directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from galeria.domain.regions import BucketAccess
from tests.cloud.servers.cloud_server import CloudServer
from tests.cloud.servers.programs import Programs, is_answering, require_program, run
from tests.cloud.servers.signing import make_s3_bucket
from tests.servers.ports import free_ports

SECRET = "a-secret-of-tests"
_COMMON = """\
[swift-hash]
swift_hash_path_prefix = galeria
swift_hash_path_suffix = tests
[storage-policy:0]
name = one
default = yes
"""
_HEAD = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = root
swift_dir = {home}
devices = {home}/devices
mount_check = false
fallocate_reserve = 0
log_level = WARNING
log_address = {home}/no-log
[pipeline:main]
pipeline = {pipeline}
"""
_FILTERS = ("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk", "copy", "slo", "dlo", "symlink")
_PIPELINE = (
    "catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink "
    "proxy-server"
)
_PROXY = f"""\
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{{cache}}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_galeria_store = {SECRET} .admin
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
"""


@contextmanager
def running_swift(directory: Path) -> Iterator[CloudServer]:
    (directory / "devices" / "d1").mkdir(parents=True)
    (directory / "swift.conf").write_text(_COMMON)
    kinds = ("account", "container", "object")
    *ports, proxy, cache = free_ports(len(kinds) + 2)
    programs = Programs(directory)
    try:
        for kind, port in zip(kinds, ports, strict=True):
            _make_ring(directory, kind, port)
            settings = directory / f"{kind}-server.conf"
            head = _HEAD.format(home=directory, port=port, pipeline=f"{kind}-server")
            settings.write_text(f"{head}[app:{kind}-server]\nuse = egg:swift#{kind}\n")
            programs.start(kind, [require_program(f"swift-{kind}-server"), settings])
        settings = directory / "proxy-server.conf"
        filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in _FILTERS)
        head = _HEAD.format(home=directory, port=proxy, pipeline=_PIPELINE)
        settings.write_text(head + _PROXY.format(cache=cache) + filters)

        def start_proxy() -> None:
            programs.start("proxy", [require_program("swift-proxy-server"), settings])
            programs.wait(lambda: is_answering(f"http://127.0.0.1:{proxy}/healthcheck"), "Swift's proxy")

        def restart() -> None:
            programs.stop("proxy")
            start_proxy()

        start_proxy()
        access = BucketAccess(
            endpoint=f"http://127.0.0.1:{proxy}", account="galeria:store", secret=SECRET, allow_http=True
        )
        make = partial(make_s3_bucket, access)
        yield CloudServer(name="swift", scheme="s3", access=access, make_bucket=make, restart=restart)
    finally:
        programs.stop()


def _make_ring(directory: Path, kind: str, port: int) -> None:
    builder = directory / f"{kind}.builder"
    run("swift-ring-builder", builder, "create", "6", "1", "0")
    run("swift-ring-builder", builder, "add", f"r1z1-127.0.0.1:{port}/d1", "1")
    run("swift-ring-builder", builder, "rebalance")
