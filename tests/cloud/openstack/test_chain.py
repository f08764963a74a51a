"""The whole chain between a region on this host and one in a cloud, both ways, with a real server."""

from pathlib import Path

import pytest

from galeria.ports.machines import Machine, VmEngine
from tests.cloud.openstack.installation import CAMPUS, PATIENCE
from tests.system.server_process import SOUTH, ServerProcess
from tests.waiting import until


def write(server: ServerProcess, lab: str, line: str) -> None:
    server.boot(lab).run(f"echo {line} >> ~/notes; sync")


def read(server: ServerProcess, lab: str) -> list[str]:
    return server.boot(lab).run("cat /home/*/notes").split()


def state_of(server: ServerProcess, lab: str) -> str:
    return str(server.galeria.machines.get(lab)["properties"]["state"])


def exported(server: ServerProcess, lab: str, name: str) -> str:
    """The id of the image that the lab's template was exported as, whole in both regions."""
    begun = server.galeria.exports.begin(lab, name=name, regions=(SOUTH, CAMPUS))
    server.wait(begun)
    return str(begun.resource["imageDefinitionId"])


@pytest.mark.timeout(PATIENCE * 8)
def test_an_image_walks_from_here_to_the_cloud_and_back(
    server: ServerProcess, cloud_machines: VmEngine, linux: Path
) -> None:
    server.imported("Linux", linux, regions=(SOUTH, CAMPUS))
    server.make_lab("first", server.image_id("Linux"), region=CAMPUS)
    assert cloud_machines.running() == set()
    write(server, "first", "written-in-the-cloud")
    (first,) = cloud_machines.running()
    from_cloud = exported(server, "first", "From the cloud")

    server.make_lab("second", from_cloud, region=SOUTH)
    assert read(server, "second") == ["written-in-the-cloud"]
    write(server, "second", "written-here")
    from_here = exported(server, "second", "From here")

    server.make_lab("third", from_here, region=CAMPUS)
    assert len(cloud_machines.machines()) == 2
    assert read(server, "third") == ["written-in-the-cloud", "written-here"]
    (third,) = cloud_machines.running() - {first}
    cloud_machines.stop(Machine(id=third, region=CAMPUS), seconds=60)  # as somebody does in the cloud itself
    until(lambda: state_of(server, "third") == "Stopped", "it is noticed", seconds=60)
    assert state_of(server, "first") == "Running"
    assert server.damage() == []
    server.leave()
    assert cloud_machines.machines() == []
