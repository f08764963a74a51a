"""What is lost on the way: credentials while there is work, and machines and images in the cloud that no row names."""

import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.adapters.openstack.cloud import Cloud
from galeria.adapters.openstack.images import Kind
from galeria.adapters.openstack.machines import open_cloud
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import CLOSED
from galeria.domain.regions import CloudAccess
from galeria.ports.machines import Power
from galeria.reconcilers.orphans import remove_lost_machines
from galeria.workflows.delete_version import prune_caches
from tests.cloud.openstack.campus import REGION, Campus
from tests.cloud.servers.openstack import OpenStackCloud
from tests.cloud.servers.openstack_catalog import new_credential, revoke_credential, write_clouds
from tests.prepared_installations import MakeInstallation

pytestmark = pytest.mark.timeout(1500)  # of the first one the start of the cloud is a part


def test_a_credential_that_is_taken_back_ends_work_until_there_is_another(
    campus: OpenStackCloud, access: CloudAccess, region: Campus, tmp_path: Path
) -> None:
    first = new_credential(campus.layout, "first")
    own = replace(access, file=str(write_clouds(tmp_path, campus.layout, campus.cloud, first)))
    engine, _ = open_cloud(REGION, own, installation=region.installation, data=tmp_path / "own")
    machine = replace(region, engine=engine).made()
    revoke_credential(campus.layout, first["id"])
    for _ in range(2):
        with pytest.raises(MachineFailed, match="does not accept the credentials") as told:
            replace(region, engine=engine).made()
    assert "new application credential" in str(told.value.hint)

    second = new_credential(campus.layout, "second")
    write_clouds(tmp_path, campus.layout, campus.cloud, second)
    assert engine.power(machine) is Power.STOPPED, "without a restart"
    write_clouds(tmp_path, campus.layout, campus.cloud, {**second, "secret": "wrong"})
    assert engine.power(machine) is Power.STOPPED, "what is signed in stays so"
    revoke_credential(campus.layout, second["id"])


def test_machines_and_images_that_no_row_names_are_removed(
    access: CloudAccess, region: Campus, new_installation: MakeInstallation, tmp_path: Path
) -> None:
    lost, planned = region.made(), region.made()
    region.engine.start(lost, ssh=True, policy=CLOSED)
    region.engine.seal_disk(lost, "layer")
    images, elsewhere = region.images(), uuid.uuid4().hex
    half = {"name": "cut off", "disk_format": "qcow2", "container_format": "bare", "visibility": "private"}
    cloud = Cloud(access)
    for labels in (images.labels(Kind.DISK, machine=planned.id), images.labels(Kind.BASE, digest="b" * 64)):
        cloud.image("POST", "/images", json={**half, **labels})
    other, _ = open_cloud(REGION, access, installation=elsewhere[:12], data=tmp_path / "other")
    context = replace(new_installation().context, engine=region.engine, cache=region.cache)
    assert {each.id for each in region.engine.machines()} == {lost.id, planned.id}

    remove_lost_machines(replace(context, engine=other))
    assert region.engine.running() == {lost.id}, "another installation's"
    remove_lost_machines(context)
    assert (region.engine.machines(), region.groups().all()) == ([], [])
    assert {each.kind for each in images.all()} == {Kind.BASE}
    prune_caches(context, [REGION])
    assert images.all() == []
