"""Ceph with its S3 gateway: one monitor, one disk, one gateway, as Debian packages them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from galeria.domain.regions import BucketAccess
from tests.cloud.servers.cloud_server import CloudServer
from tests.cloud.servers.programs import Programs, is_answering, require_program, run
from tests.cloud.servers.signing import make_s3_bucket
from tests.servers.ports import free_ports

ACCOUNT, SECRET = "galeria", "a-secret-of-tests"
# The monitor takes the port of its map alone; without `tcp_nodelay` each answer takes 40 ms more; what is deleted is
# given back at once instead of after two hours.
_SETTINGS = """\
[global]
fsid = {id}
mon_initial_members = a
mon_host = [v2:127.0.0.1:{monitor}/0]
public_network = 127.0.0.0/8
ms_bind_msgr1 = false
ms_bind_port_min = {first}
ms_bind_port_max = {last}
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = true
keyring = {home}/keyring
run_dir = {home}
admin_socket = {home}/$name.asok
crash_dir = {home}
log_file = {home}/$name.ceph
debug_default = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
mon_data_avail_warn = 2
[mon.a]
public_addrv = [v2:127.0.0.1:{monitor}/0]
mon_data = {home}/mon
[osd.0]
osd_data = {home}/osd
osd_objectstore = bluestore
bluestore_block_size = 2147483648
bluestore_cache_autotune = false
bluestore_cache_size = 67108864
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_data = {home}/rgw
rgw_frontends = beast endpoint=127.0.0.1:{gateway} tcp_nodelay=1
rgw_enable_usage_log = false
rgw_thread_pool_size = 32
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 10
rgw_gc_processor_max_time = 10
"""
_CAPABILITIES = {
    "mon.": ["mon", "allow *"],
    "client.admin": ["mon", "allow *", "osd", "allow *"],
    "osd.0": ["mon", "allow profile osd", "osd", "allow *"],
    "client.rgw": ["mon", "allow rw", "osd", "allow rwx"],
}


@contextmanager
def running_ceph(directory: Path) -> Iterator[CloudServer]:
    for name in ("ceph-mon", "ceph-osd", "radosgw", "monmaptool", "ceph-authtool"):
        require_program(name)
    monitor, gateway, first = free_ports(3)
    settings = directory / "ceph.conf"
    filled = {"id": uuid.uuid4(), "home": directory, "monitor": monitor, "gateway": gateway}
    settings.write_text(_SETTINGS.format(**filled, first=first, last=first + 50))
    _make_cluster(directory, settings, monitor)
    programs = Programs(directory)

    def start_gateway() -> None:
        programs.start("gateway", ["radosgw", "-n", "client.rgw", "-c", settings, "-f"])
        programs.wait(lambda: is_answering(f"http://127.0.0.1:{gateway}/"), "Ceph's gateway")

    def restart() -> None:
        programs.stop("gateway")
        start_gateway()

    try:
        _start_disk(programs, settings)
        start_gateway()
        keys = [f"--access-key={ACCOUNT}", f"--secret-key={SECRET}"]
        user = ["user", "create", "--uid=galeria", "--display-name=galeria", *keys]
        run("radosgw-admin", "-n", "client.rgw", "-c", settings, *user)
        access = BucketAccess(endpoint=f"http://127.0.0.1:{gateway}", account=ACCOUNT, secret=SECRET, allow_http=True)
        make = partial(make_s3_bucket, access)
        yield CloudServer(name="ceph", scheme="s3", access=access, make_bucket=make, restart=restart)
    finally:
        programs.stop()


def _start_disk(programs: Programs, settings: Path) -> None:
    """Start the monitor, and a disk that it knows."""
    ceph, disk = partial(run, "ceph", "-c", settings, "--connect-timeout", "20"), str(uuid.uuid4())
    programs.start("mon", ["ceph-mon", "-i", "a", "-c", settings, "-f"])
    ceph("osd", "new", disk)
    run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk, "-c", settings)
    ceph("osd", "crush", "add", "osd.0", "1", "root=default", "host=here")
    programs.start("osd", ["ceph-osd", "-i", "0", "-c", settings, "-f"])
    programs.wait(lambda: "1 up" in ceph("osd", "stat"), "Ceph's disk")


def _make_cluster(directory: Path, settings: Path, monitor: int) -> None:
    for name in ("mon", "osd", "rgw"):
        (directory / name).mkdir()
    keyring, first = directory / "keyring", ["--create-keyring"]
    for name, allowed in _CAPABILITIES.items():
        words = [word for at in range(0, len(allowed), 2) for word in ("--cap", *allowed[at : at + 2])]
        run("ceph-authtool", keyring, *first, "--gen-key", "-n", name, *words)
        first = []
    cluster = next(line.split()[-1] for line in settings.read_text().splitlines() if line.startswith("fsid"))
    address = f"[v2:127.0.0.1:{monitor}/0]"
    run("monmaptool", "--create", "--clobber", "--addv", "a", address, "--fsid", cluster, directory / "monmap")
    run("ceph-mon", "--mkfs", "-i", "a", "-c", settings, "--keyring", keyring, "--monmap", directory / "monmap")
