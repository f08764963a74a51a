"""A class whose machines run in the cloud, with a real server: each is its student's own, and keeps or loses what it should."""

import asyncio
from pathlib import Path

import asyncssh
import pytest

from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.operations import StartedWork, begun
from galeria.interfaces.client.resources import ResourcesClient
from galeria.interfaces.demo.shell import SshShell
from galeria.ports.machines import VmEngine
from tests.cloud.openstack.installation import CAMPUS, PATIENCE
from tests.system.server_process import ServerProcess

LAB = "algebra"
OWN, OTHER = "student-1", "student-2"
ACCOUNT, PASSWORD, LATER = "student", "Learning-Is-Fun-1", "Forgot-And-Set-2"
QUOTA_SECONDS = 36000  # for the machine that somebody holds: there are no classes
LESSON = "/lesson"
ASK = (
    f"hostname; cat /etc/machine-id; id -un; sudo -n true 2>/dev/null && echo administrator || echo plain; cat {LESSON}"
)


def write_lesson(server: ServerProcess, text: str) -> None:
    """Into the template, which is started, and on to the students."""
    server.boot(LAB).run(f"sudo sh -c 'echo {text} > {LESSON}; chmod 644 {LESSON}; sync'")
    server.wait(server.galeria.labs.publish(LAB))


def a_published_class(server: ServerProcess, linux: Path) -> None:
    """Two machines; the caller holds the first."""
    server.imported("Linux", linux, regions=(CAMPUS,))
    server.make_lab(LAB, server.image_id("Linux"), region=CAMPUS)
    student = (ACCOUNT, PASSWORD)
    server.galeria.labs.change(
        LAB, capacity=2, student=student, shared_password=True, open_access=True, quota=QUOTA_SECONDS
    )
    write_lesson(server, "first")
    lab = f"{server.galeria.names.account_id()}/labs/{LAB}".replace("labPlans", "labaccounts")
    rest = ResourcesClient(connection=server.galeria.connection, api="2018-10-15")
    rest.post(f"{lab}/environmentsettings/default/claimAny")


def shell(server: ServerProcess, machine: str, password: str = PASSWORD) -> SshShell:
    profile = server.galeria.machines.get(LAB, machine)["properties"]["connectionProfile"]
    host, _, port = str(profile["sshAuthority"]).rpartition(":")
    return SshShell(host=host, port=int(port), user=ACCOUNT, password=password)


def started(server: ServerProcess, machine: str, password: str = PASSWORD) -> SshShell:
    server.wait(server.galeria.machines.start(LAB, machine))
    return shell(server, machine, password)


def answers_of(opened: SshShell) -> list[str]:
    """What the student sees, and the machine's host key."""
    key = asyncio.run(asyncssh.get_server_host_key(opened.host, opened.port))
    assert key
    return [*opened.run(ASK).splitlines(), key.get_fingerprint()]


def reimage(server: ServerProcess, machine: str) -> StartedWork:
    path = f"{server.galeria.names.machine(LAB, machine)}/reimage"
    return begun(server.galeria.connection.send("POST", path, query={"api-version": LABS_API}))


@pytest.mark.timeout(PATIENCE * 8)
def test_a_class_of_two_in_the_cloud(server: ServerProcess, cloud_machines: VmEngine, linux: Path) -> None:
    a_published_class(server, linux)
    machines = server.galeria.machines
    assert len(cloud_machines.machines()) == 3
    assert cloud_machines.running() == set(), "the template is off, and nobody else has been started"

    both = [machines.start(LAB, name) for name in (OWN, OTHER)]
    for each in both:
        server.wait(each)
    names, ids, accounts, rights, lessons, keys = zip(
        *(answers_of(shell(server, name)) for name in (OWN, OTHER)), strict=True
    )
    assert list(names) == [f"{LAB}-1", f"{LAB}-2"]
    assert len(set(ids)) == len(set(keys)) == 2
    assert (set(accounts), set(rights), set(lessons)) == ({ACCOUNT}, {"plain"}, {"first"})

    shell(server, OWN).run("echo kept > notes; sync")
    for name in (OWN, OTHER):
        server.wait(machines.stop(LAB, name))
    assert cloud_machines.running() == set()

    write_lesson(server, "second")
    server.wait(machines.update(LAB, OWN))
    student = started(server, OWN)
    assert student.run(f"cat {LESSON}; test -e notes || echo new") == "second\nnew"

    (before,) = machines.earlier(LAB, OWN)
    server.wait(machines.bring_back(LAB, OWN, before["id"]))
    server.wait(machines.reset_password(LAB, user=ACCOUNT, password=LATER, machine=OWN))
    assert cloud_machines.running() == set(), "it is set on the disk, and nothing of that is run"
    student = started(server, OWN, LATER)
    assert student.run(f"cat {LESSON} notes; hostname") == f"first\nkept\n{LAB}-1"

    server.wait(reimage(server, OWN))
    assert len(machines.earlier(LAB, OWN)) == 2
    assert cloud_machines.running() == set(), "the template is off, and the new one has never been started"
    assert server.damage() == []
    server.leave()
    assert cloud_machines.machines() == []
