"""OpenStack of one computer, as Debian packages it: machines of a cloud that tests start and end.

Keystone, Glance, Placement, Nova and Neutron are the real programs, with RabbitMQ and PostgreSQL of their own. Machines are
QEMU's without KVM, on one flat network whose addresses Neutron's DHCP agent gives. What differs from a cloud of a campus: all
runs as root on one computer with one process each, Neutron's tables are made from its models instead of by its
migrations, and there are no routers or volumes. Security groups are held by iptables, as the linuxbridge agent does it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.cloud.servers.openstack_catalog import fill_catalog, is_ready, make_campus
from tests.cloud.servers.openstack_settings import (
    CLOUD_END,
    GATEWAY,
    HOST,
    PASSWORD,
    PORTS,
    WIRE,
    CloudLayout,
    write_settings,
)
from tests.cloud.servers.programs import Programs, is_answering, quietly, require_program, run
from tests.servers.ports import free_ports

CLOUD = "campus"
_VIRSH = ("virsh", "-c", "qemu:///system")
_PROGRAMS = (
    *("keystone-manage", "glance-api", "placement-manage", "nova-compute", "nova-novncproxy", "neutron-server"),
    *("neutron-linuxbridge-agent", "neutron-dhcp-agent", "uwsgi", "rabbitmq-server", "virsh", "genisoimage"),
)
# Debian's programs must not get the packages of the environment that the tests run in.
_OWN_PACKAGES = {"PYTHONPATH": ""}
_FAMILIES, _TABLES = ("ip", "ip6", "bridge"), ("filter", "nat", "mangle", "raw")
_DATABASES = ("keystone", "glance", "placement", "nova", "nova_api", "nova_cell0", "neutron")
_NEUTRON_TABLES = """
import sys, sqlalchemy
from neutron.db.migration.models import head
head.get_metadata().create_all(sqlalchemy.create_engine(sys.argv[1]))
"""
# Neutron's agent removes a port's rule at its second change, and tries that until it succeeds, while no other rule reaches
# the firewall. Beside that rule the chain has the one that drops everything, which the agent put there itself.
_EBTABLES = """#!/bin/sh
# Debian's ebtables on nftables (1.8.9) answers "Invalid argument" where a rule with --among-src is to be removed.
set -eu
case " $* " in
*" -D "*" --among-src "*) ;;
*) exec {real} "$@" ;;
esac
for word; do
    [ "${{previous:-}}" != -D ] || chain=$word
    previous=$word
done
{real} -t nat --concurrent -F "$chain"
exec {real} -t nat --concurrent -A "$chain" -j DROP
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenStackCloud:
    """A project of the cloud, and how the person who has it signs in."""

    cloud: str  # its name in `clouds`
    clouds: Path  # a clouds.yaml with an application credential of a plain member
    layout: CloudLayout
    programs: Programs

    def restart_compute(self) -> None:
        self.programs.stop("nova-api")
        _start_compute_api(self.programs, self.layout)


@contextmanager
def running_openstack(home: Path) -> Iterator[OpenStackCloud]:
    """Run the cloud in a folder that QEMU's user may pass."""
    for name in _PROGRAMS:
        require_program(name)
    layout = CloudLayout(home=home, ports=dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))
    write_settings(layout)
    programs = Programs(home, _OWN_PACKAGES)
    tables = _tables()
    try:
        _start_wire()
        _start_state(programs, layout)
        _make_tables(layout)
        _start_services(programs, layout)
        programs.wait(lambda: is_ready(layout), "a computer of the cloud")
        clouds = make_campus(layout, CLOUD)
        yield OpenStackCloud(cloud=CLOUD, clouds=clouds, layout=layout, programs=programs)
    finally:
        programs.stop()
        _remove_traces(layout)
        _remove_tables(_tables() - tables)


def _start_wire() -> None:
    """Lay a cable whose far end becomes part of the machines' network; this computer is the gateway at the near end."""
    quietly("ip", "link", "del", WIRE)  # of a run that was killed
    run("ip", "link", "add", WIRE, "type", "veth", "peer", "name", CLOUD_END)
    run("ip", "address", "add", f"{GATEWAY}/24", "dev", WIRE)
    for end in (WIRE, CLOUD_END):
        run("ip", "link", "set", end, "up")


def _start_state(programs: Programs, layout: CloudLayout) -> None:
    """Start the database and the message queue."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    folder, password = layout.home / "postgres", layout.home / "postgres-password"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, "postgres", "postgres")
    password.write_text(PASSWORD)
    as_postgres = ("runuser", "-u", "postgres", "--")
    first = ("-U", "cloud", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8")
    run(*as_postgres, binaries / "initdb", "-D", folder, *first, "--no-sync")
    options = {
        **{"listen_addresses": HOST, "port": layout.ports["postgres"], "unix_socket_directories": ""},
        **{"max_connections": 300, "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
        # Neutron's questions join so many tables that compiling one takes longer than answering it.
        "jit": "off",
    }
    given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    programs.start("postgres", [*as_postgres, binaries / "postgres", "-D", folder, *given])
    programs.start("rabbit", ["/usr/lib/rabbitmq/bin/rabbitmq-server"], _rabbit_environment(layout))
    programs.wait(lambda: _psql(layout, "select 1"), "PostgreSQL")
    for name in _DATABASES:
        assert _psql(layout, f"create database {name}"), name


def _psql(layout: CloudLayout, statement: str) -> bool:
    where = ["-h", HOST, "-p", str(layout.ports["postgres"]), "-U", "cloud", "-d", "postgres"]
    environment = {**os.environ, "PGPASSWORD": PASSWORD}
    done = subprocess.run(["psql", *where, "-qc", statement], capture_output=True, env=environment, check=False)
    return done.returncode == 0


def _rabbit_environment(layout: CloudLayout) -> dict[str, str]:
    folder = layout.home / "rabbit"
    folder.mkdir(exist_ok=True)
    return {
        "HOME": str(folder),  # of the nodes' shared secret
        "RABBITMQ_NODENAME": f"cloud{layout.ports['rabbit']}@localhost",
        "RABBITMQ_CONFIG_FILE": str(layout.settings("rabbit")),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_DIST_PORT": str(layout.ports["rabbit_nodes"]),
        "ERL_EPMD_ADDRESS": HOST,
        "ERL_EPMD_PORT": str(layout.ports["epmd"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
    }


def _make_tables(layout: CloudLayout) -> None:
    make = partial(run, environment=_OWN_PACKAGES)
    keystone = ("keystone-manage", "--config-file", layout.settings("keystone/keystone.conf"))
    make(*keystone, "db_sync")
    for keys in ("fernet_setup", "credential_setup"):
        make(*keystone, keys, "--keystone-user", "root", "--keystone-group", "root")
    urls = [f"--bootstrap-{kind}-url={layout.url('keystone', '/v3')}" for kind in ("admin", "internal", "public")]
    make(*keystone, "bootstrap", f"--bootstrap-password={PASSWORD}", "--bootstrap-region-id=RegionOne", *urls)
    make("glance-manage", "--config-file", layout.settings("glance.conf"), "db_sync")
    make("placement-manage", "--config-file", layout.settings("placement/placement.conf"), "db", "sync")
    nova = ("nova-manage", *_nova_settings(layout, databases=True))
    make(*nova, "api_db", "sync")
    make(*nova, "cell_v2", "map_cell0", "--database_connection", layout.database("nova_cell0"))
    make(*nova, "db", "sync")
    make(*nova, "cell_v2", "create_cell", "--name=cell1")
    make("/usr/bin/python3", "-c", _NEUTRON_TABLES, layout.database("neutron"))


def _nova_settings(layout: CloudLayout, *, databases: bool) -> list[str]:
    return _configured(layout, "nova.conf", *(["nova-databases.conf"] if databases else []))


def _configured(layout: CloudLayout, *names: str) -> list[str]:
    return [word for name in names for word in ("--config-file", str(layout.settings(name)))]


def _start_services(programs: Programs, layout: CloudLayout) -> None:
    for name, script, settings in (
        ("keystone", "keystone-wsgi-public", {"OS_KEYSTONE_CONFIG_DIR": str(layout.settings("keystone"))}),
        ("placement", "placement-api", {"OS_PLACEMENT_CONFIG_DIR": str(layout.settings("placement"))}),
    ):
        programs.start(name, _uwsgi(layout.ports[name], script), settings)
    programs.start("glance", ["glance-api", "--config-file", layout.settings("glance.conf")])
    neutron: list[str | Path] = [
        "--config-file",
        layout.settings("neutron.conf"),
        "--config-file",
        layout.settings("neutron-wire.conf"),
    ]
    programs.start("neutron", ["neutron-server", *neutron])
    programs.wait(lambda: is_answering(layout.url("keystone", "/v3")), "Keystone")
    fill_catalog(layout)
    for name in ("nova-conductor", "nova-scheduler"):
        programs.start(name, [name, *_nova_settings(layout, databases=True)])
    _start_compute_api(programs, layout)
    screens = [*_nova_settings(layout, databases=True), "--web", "/usr/share/novnc"]
    programs.start("nova-novncproxy", ["nova-novncproxy", *screens])
    programs.start("nova-compute", ["nova-compute", *_nova_settings(layout, databases=False)])
    agent = ["neutron-linuxbridge-agent", *neutron]
    programs.start("neutron-wire", agent, {"PATH": f"{_own_programs(layout)}:{os.environ['PATH']}"})
    dhcp: list[str | Path] = [
        "--config-file",
        layout.settings("neutron.conf"),
        "--config-file",
        layout.settings("neutron-dhcp.conf"),
    ]
    programs.start("neutron-dhcp", ["neutron-dhcp-agent", *dhcp])


def _own_programs(layout: CloudLayout) -> Path:
    """Make the folder of programs that the agent takes before the system's."""
    folder = layout.home / "bin"
    folder.mkdir(exist_ok=True)
    ebtables = folder / "ebtables"
    ebtables.write_text(_EBTABLES.format(real=require_program("ebtables")))
    ebtables.chmod(0o755)
    return folder


def _start_compute_api(programs: Programs, layout: CloudLayout) -> None:
    programs.start("nova-api", ["nova-api", *_nova_settings(layout, databases=True)])
    programs.wait(lambda: is_answering(layout.url("nova")), "Nova")


def _uwsgi(port: int, script: str) -> list[str]:
    """One process without threads. Connections are closed after each answer, as uWSGI's own HTTP needs it."""
    own = ["--plugin", "python3", "--http-socket", f"{HOST}:{port}", "--wsgi-file", f"/usr/bin/{script}", "--need-app"]
    processes = ["--master", "--processes", "1", "--threads", "1", "--enable-threads", "--lazy-apps", "--no-orphans"]
    requests = ["--buffer-size", "65535", "--post-buffering", "65536", "--disable-logging", "--die-on-term"]
    return ["uwsgi", *own, *processes, *requests, "--add-header", "Connection: close"]


def _remove_traces(layout: CloudLayout) -> None:
    """End and remove what the programs leave behind: machines, servers of addresses, name spaces, bridges, rules."""
    quietly("epmd", "-kill", environment={"ERL_EPMD_PORT": str(layout.ports["epmd"])})
    for name in quietly(*_VIRSH, "list", "--all", "--name").split():
        if name.startswith("instance-") and f"{layout.home}/" in quietly(*_VIRSH, "dumpxml", name):
            quietly(*_VIRSH, "destroy", name)
            quietly(*_VIRSH, "undefine", name)
    for pid in (layout.home / "neutron").rglob("pid"):
        with suppress(OSError, ValueError):
            os.kill(int(pid.read_text()), signal.SIGTERM)
    for network in (layout.home / "neutron" / "dhcp").glob("*"):
        quietly("ip", "netns", "del", f"qdhcp-{network.name}")
        quietly("ip", "link", "del", f"brq{network.name[:11]}")
    quietly("ip", "link", "del", WIRE)
    for tool in ("iptables", "ip6tables"):
        for table in _TABLES:
            _remove_chains(tool, table)
    _remove_frames_chains()


def _remove_chains(tool: str, table: str) -> None:
    """Remove the chains of Nova and Neutron from the packet filter, and the rules that lead to them."""
    lines = [line.split() for line in quietly(tool, "-t", table, "-S").splitlines()]
    chains = [words[1] for words in lines if words[0] == "-N" and words[1].startswith(("nova-", "neutron-"))]
    for words in lines:
        if words[0] == "-A" and words[-1] in chains:
            quietly(tool, "-t", table, "-D", *words[1:])
    for order in ("-F", "-X"):
        for chain in chains:
            quietly(tool, "-t", table, order, chain)


def _remove_frames_chains() -> None:
    """As `_remove_chains`, for the rules against false addresses, which look at frames."""
    lines = quietly("ebtables", "-t", "nat", "-L").splitlines()
    chains = [line.split()[2].rstrip(",") for line in lines if line.startswith("Bridge chain: neutron")]
    for line in lines:
        if line.split()[-1:] and line.split()[-1] in chains:
            quietly("ebtables", "-t", "nat", "-D", "PREROUTING", *line.split())
    for order in ("-F", "-X"):
        for chain in chains:
            quietly("ebtables", "-t", "nat", order, chain)


def _tables() -> set[tuple[str, str]]:
    """Family and name of each table of the packet filter."""
    lines = (line.split() for line in run("nft", "list", "tables").splitlines())
    return {(words[1], words[2]) for words in lines}


def _remove_tables(new: set[tuple[str, str]]) -> None:
    """Remove the tables that the programs' tools have made, where nobody else has put a rule into them."""
    for family, name in new & {(family, name) for family in _FAMILIES for name in _TABLES}:
        said = json.loads(run("nft", "-j", "list", "table", family, name))
        if not any("rule" in each for each in said["nftables"]):
            run("nft", "delete", "table", family, name)


def main() -> None:
    """Run the cloud in the folder that is named until standard input ends, to look at it by hand."""
    home = Path(sys.argv[1])
    home.mkdir(mode=0o755)
    try:
        with running_openstack(home) as cloud:
            sys.stdout.write(f"export OS_CLIENT_CONFIG_FILE={cloud.clouds} OS_CLOUD={cloud.cloud}\n")
            sys.stdout.flush()
            sys.stdin.read()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
