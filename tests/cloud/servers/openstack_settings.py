"""The settings files of an OpenStack in one directory: identity, images, placement, compute and network of one computer.

Zed, as Debian 12 packages it. Every program listens on the loopback, at a port of its own, and keeps its state in a
PostgreSQL of this cloud's own.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
PROJECT_OF_SERVICES, ADMINISTRATOR, PASSWORD = "service", "admin", "a-password-of-tests"
WIRE, CLOUD_END = "galeriaos", "galeriaos-far"  # the ends of the campus's wire: this computer's, and the machines'
NETWORK, GATEWAY = "10.77.0.0/24", "10.77.0.1"
COMPUTE_HOST = "campus-one"  # neutron's agents and nova must say the same
PORTS = ("postgres", "rabbit", "rabbit_nodes", "epmd", "keystone", "placement", "glance", "nova", "neutron", "screens")


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudLayout:
    """Where the programs keep their files, and at which ports they listen."""

    home: Path
    ports: dict[str, int]

    def url(self, service: str, path: str = "") -> str:
        return f"http://{HOST}:{self.ports[service]}{path}"

    def database(self, name: str) -> str:
        return f"postgresql+psycopg2://cloud:{PASSWORD}@{HOST}:{self.ports['postgres']}/{name}"

    def settings(self, name: str) -> Path:
        return self.home / "etc" / name

    @property
    def queue(self) -> str:
        return f"rabbit://guest:guest@{HOST}:{self.ports['rabbit']}/"


def write_settings(layout: CloudLayout) -> None:
    for folder in ("etc", "images", "staging", "tasks", "nova/instances", "nova/tmp", "locks", "neutron"):
        (layout.home / folder).mkdir(parents=True, exist_ok=True)
    layout.settings("rabbit.conf").write_text(_RABBIT.format(host=HOST, port=layout.ports["rabbit"]))
    for name, program in _PASTE.items():
        shutil.copy(f"/etc/{program}/{name}", layout.settings(f"{program}-{name}"))
    layout.settings("keystone").mkdir(exist_ok=True)
    layout.settings("placement").mkdir(exist_ok=True)
    for name, text in {
        "keystone/keystone.conf": _keystone(layout),
        "placement/placement.conf": _placement(layout),
        "glance.conf": _glance(layout),
        "nova.conf": _nova(layout),
        "nova-databases.conf": _nova_databases(layout),
        "neutron.conf": _neutron(layout),
        "neutron-wire.conf": _WIRE.format(wire=CLOUD_END),
        "neutron-dhcp.conf": _DHCP,
    }.items():
        layout.settings(name).write_text(text)


_PASTE = {"glance-api-paste.ini": "glance", "api-paste.ini": "nova"}


def _token(layout: CloudLayout, user: str) -> str:
    """How one service signs in at the others."""
    return f"""\
auth_type = password
auth_url = {layout.url("keystone")}
www_authenticate_uri = {layout.url("keystone")}
username = {user}
password = {PASSWORD}
user_domain_name = Default
project_domain_name = Default
project_name = {PROJECT_OF_SERVICES}
region_name = RegionOne
"""


def _keystone(layout: CloudLayout) -> str:
    return f"""\
[database]
connection = {layout.database("keystone")}
[fernet_tokens]
key_repository = {layout.home}/keys-of-tokens
[credential]
key_repository = {layout.home}/keys-of-credentials
[identity]
# Each sign-in would else take a third of a second of a processor.
password_hash_rounds = 4
[cache]
backend = oslo_cache.dict
"""


def _placement(layout: CloudLayout) -> str:
    return f"""\
[api]
auth_strategy = keystone
[placement_database]
connection = {layout.database("placement")}
[keystone_authtoken]
{_token(layout, "placement")}"""


def _glance(layout: CloudLayout) -> str:
    return f"""\
[DEFAULT]
bind_host = {HOST}
bind_port = {layout.ports["glance"]}
workers = 0
enabled_import_methods = []
node_staging_uri = file://{layout.home}/staging
[database]
connection = {layout.database("glance")}
[glance_store]
default_store = file
stores = file
filesystem_store_datadir = {layout.home}/images
[paste_deploy]
flavor = keystone
config_file = {layout.settings("glance-glance-api-paste.ini")}
[task]
work_dir = {layout.home}/tasks
[oslo_concurrency]
lock_path = {layout.home}/locks
[keystone_authtoken]
# Else a credential that was taken back is good for five more minutes.
token_cache_time = -1
{_token(layout, "glance")}"""


def _nova(layout: CloudLayout) -> str:
    helper = f"helper_command = privsep-helper --config-file {layout.settings('nova.conf')}"
    helpers = "\n".join(
        f"[{name}]\n{helper}"
        for name in ("nova_sys_admin", "vif_plug_linux_bridge_privileged", "vif_plug_ovs_privileged", "privsep_osbrick")
    )
    return f"""\
[DEFAULT]
host = {COMPUTE_HOST}
my_ip = {HOST}
transport_url = {layout.queue}
compute_driver = libvirt.LibvirtDriver
state_path = {layout.home}/nova
instances_path = {layout.home}/nova/instances
tempdir = {layout.home}/nova/tmp
enabled_apis = osapi_compute
osapi_compute_listen = {HOST}
osapi_compute_listen_port = {layout.ports["nova"]}
osapi_compute_workers = 1
reserved_host_memory_mb = 0
cpu_allocation_ratio = 32
ram_allocation_ratio = 2
shutdown_timeout = 20
report_interval = 10
service_down_time = 120
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = {layout.settings("nova-api-paste.ini")}
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 3
[filter_scheduler]
enabled_filters = ComputeFilter,ImagePropertiesFilter
[oslo_concurrency]
lock_path = {layout.home}/locks
[glance]
api_servers = {layout.url("glance")}
[vnc]
enabled = true
server_listen = {HOST}
server_proxyclient_address = {HOST}
novncproxy_host = {HOST}
novncproxy_port = {layout.ports["screens"]}
novncproxy_base_url = {layout.url("screens", "/vnc_lite.html")}
[libvirt]
virt_type = qemu
cpu_mode = none
[upgrade_levels]
compute = auto
[keystone_authtoken]
{_token(layout, "nova")}[placement]
{_token(layout, "placement")}[neutron]
{_token(layout, "neutron")}endpoint_override = {layout.url("neutron")}
{helpers}
"""


def _nova_databases(layout: CloudLayout) -> str:
    """Apart from the rest: nova-compute refuses to run where it could reach a database."""
    return f"""\
[database]
connection = {layout.database("nova")}
[api_database]
connection = {layout.database("nova_api")}
"""


def _neutron(layout: CloudLayout) -> str:
    return f"""\
[DEFAULT]
host = {COMPUTE_HOST}
bind_host = {HOST}
bind_port = {layout.ports["neutron"]}
api_workers = 1
rpc_workers = 1
rpc_state_report_workers = 0
state_path = {layout.home}/neutron
transport_url = {layout.queue}
core_plugin = ml2
service_plugins = router
auth_strategy = keystone
api_paste_config = /etc/neutron/api-paste.ini
dhcp_agents_per_network = 1
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
[database]
connection = {layout.database("neutron")}
[oslo_concurrency]
lock_path = {layout.home}/locks
[experimental]
linuxbridge = true
[agent]
root_helper =
root_helper_daemon =
report_interval = 20
[privsep]
helper_command = privsep-helper --config-file {layout.settings("neutron.conf")}
[keystone_authtoken]
{_token(layout, "neutron")}[nova]
{_token(layout, "nova")}"""


_WIRE = """\
[ml2]
type_drivers = flat,local
tenant_network_types = local
mechanism_drivers = linuxbridge
extension_drivers = port_security
[ml2_type_flat]
flat_networks = campus
[securitygroup]
enable_security_group = true
firewall_driver = iptables
enable_ipset = false
[linux_bridge]
physical_interface_mappings = campus:{wire}
[vxlan]
enable_vxlan = false
"""

_DHCP = """\
[DEFAULT]
interface_driver = linuxbridge
dhcp_driver = neutron.agent.linux.dhcp.Dnsmasq
enable_isolated_metadata = false
enable_metadata_network = false
"""

_RABBIT = """\
listeners.tcp.default = {host}:{port}
log.file.level = warning
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
"""
