"""What is in the cloud of the tests: its services, a project with a network and sizes, and a person who may use it."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.connection import Connection
from openstack.exceptions import SDKException

from tests.cloud.servers.openstack_settings import (
    ADMINISTRATOR,
    GATEWAY,
    NETWORK,
    PASSWORD,
    PROJECT_OF_SERVICES,
    CloudLayout,
)

PROJECT, PERSON, NETWORK_NAME = "labs", "galeria", "campus"
# Processors, MiB of memory, GB of disk. No computer has room for the last one.
FLAVORS = {"small": (1, 256, 1), "middle": (1, 512, 2), "vast": (7, 256, 100_000)}
_SERVICES = {
    "glance": ("image", ""),
    "placement": ("placement", ""),
    "nova": ("compute", "/v2.1"),
    "neutron": ("network", ""),
}


def administrator(layout: CloudLayout, project: str = "admin") -> Connection:
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_url=layout.url("keystone", "/v3"),
        username=ADMINISTRATOR,
        password=PASSWORD,
        project_name=project,
        user_domain_id="default",
        project_domain_id="default",
        region_name="RegionOne",
    )


def fill_catalog(layout: CloudLayout) -> None:
    """Register the services where the others look for them, each with a user of its own."""
    identity: Any = administrator(layout).identity  # of version 3
    project = identity.create_project(name=PROJECT_OF_SERVICES, domain_id="default")
    known = {role.name: role for role in identity.roles()}
    roles = [known["admin"], known.get("service") or identity.create_role(name="service")]
    for name, (kind, path) in _SERVICES.items():
        user = identity.create_user(name=name, password=PASSWORD, domain_id="default")
        for role in roles:
            identity.assign_project_role_to_user(project, user, role)
        service = identity.create_service(name=name, type=kind)
        for interface in ("public", "internal", "admin"):
            identity.create_endpoint(
                service_id=service.id, interface=interface, url=layout.url(name, path), region_id="RegionOne"
            )


def is_ready(layout: CloudLayout) -> bool:
    """Tell whether there is a computer for machines, and agents that connect them and give them addresses.

    Networks are asked for before ports: the first question for ports alone fails in this release of Neutron.
    """
    connection = administrator(layout)
    try:
        list(connection.network.networks())
        alive = {agent.binary for agent in connection.network.agents() if agent.is_alive}
        computers = [each for each in connection.compute.hypervisors(details=True) if each.state == "up"]
        list(connection.image.images())
    except (SDKException, ClientException):
        return False
    finally:
        # Neutron answers a hundred connections, also those that nobody uses any more: the next one would wait for minutes.
        connection.session.session.close()
    return bool(computers) and {"neutron-linuxbridge-agent", "neutron-dhcp-agent"} <= alive


def make_campus(layout: CloudLayout, cloud: str) -> Path:
    """Make a project with a network and sizes, and a plain member of it; return a clouds.yaml with their credential."""
    root = administrator(layout)
    identity: Any = root.identity
    project = identity.create_project(name=PROJECT, domain_id="default")
    person = identity.create_user(name=PERSON, password=PASSWORD, domain_id="default", default_project_id=project.id)
    identity.assign_project_role_to_user(project, person, _named(identity.roles(), "member"))
    network = root.network.create_network(
        name=NETWORK_NAME,
        is_shared=True,
        provider_network_type="flat",
        provider_physical_network="campus",
    )
    root.network.create_subnet(
        network_id=network.id,
        ip_version=4,
        cidr=NETWORK,
        gateway_ip=GATEWAY,
        allocation_pools=[{"start": "10.77.0.10", "end": "10.77.0.200"}],
    )
    for name, (processors, memory, disk) in FLAVORS.items():
        root.compute.create_flavor(name=name, vcpus=processors, ram=memory, disk=disk)
    return write_clouds(layout.home, layout, cloud, new_credential(layout, "galeria"))


def new_credential(layout: CloudLayout, name: str) -> dict[str, str]:
    """Make an application credential of the project's plain member; return its id and secret."""
    own, person = _member(layout)
    made = own.create_application_credential(user=person, name=name)
    return {"id": made.id, "secret": made.secret}


def revoke_credential(layout: CloudLayout, id: str) -> None:
    own, person = _member(layout)
    own.delete_application_credential(person, id)


def _member(layout: CloudLayout) -> tuple[Any, str]:
    """The member's identity service, and their id."""
    root = administrator(layout)
    identity: Any = root.identity
    project, person = _named(identity.projects(), PROJECT), _named(identity.users(), PERSON)
    signed_in = root.connect_as(username=PERSON, password=PASSWORD, project_id=project.id, project_name=None)
    return signed_in.identity, person.id


def _named(found: Iterable[Any], name: str) -> Any:
    return next(each for each in found if each.name == name)


@contextmanager
def quota_of(layout: CloudLayout, *, instances: int) -> Iterator[None]:
    """Let the project have so many servers until the block ends."""
    root = administrator(layout)
    identity: Any = root.identity
    project = _named(identity.projects(), PROJECT)
    before = root.compute.get_quota_set(project.id).instances
    root.compute.update_quota_set(project.id, instances=instances)
    try:
        yield
    finally:
        root.compute.update_quota_set(project.id, instances=before)


@contextmanager
def without_port_security(layout: CloudLayout) -> Iterator[None]:
    """Let nothing limit what new machines reach until the block ends."""
    network: Any = administrator(layout).network
    (campus,) = network.networks(name=NETWORK_NAME)
    network.update_network(campus, is_port_security_enabled=False)
    try:
        yield
    finally:
        network.update_network(campus, is_port_security_enabled=True)


def write_clouds(folder: Path, layout: CloudLayout, cloud: str, credential: dict[str, str]) -> Path:
    """Write a clouds.yaml; JSON is YAML as well."""
    auth = {
        "auth_url": layout.url("keystone", "/v3"),
        "application_credential_id": credential["id"],
        "application_credential_secret": credential["secret"],
    }
    entry = {"auth_type": "v3applicationcredential", "auth": auth, "region_name": "RegionOne"}
    written = folder / "clouds.yaml"
    written.write_text(json.dumps({"clouds": {cloud: entry}}))
    return written
