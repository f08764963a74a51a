"""A class of eight with real machines: each is its student's own, and whoever has no room waits for it."""

import asyncio

import asyncssh
import pytest

from galeria.interfaces.client.operations import OperationSnapshot, StartedWork
from galeria.interfaces.demo.people import DemoFiles
from galeria.interfaces.demo.shell import SshShell
from tests.system.conftest import start_with_gallery
from tests.system.server_process import PASSWORD, USER, ServerProcess
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

STUDENTS = [f"student-{number}" for number in range(1, 9)]
ROOM = 5
COST = 128 + 96  # MiB that a machine of SETTINGS takes of the host
SETTINGS = f"""
[[sizes]]
name = "Tiny"
vcpus = 1
memory_mib = 128

[machines]
memory_mib = {ROOM * COST + COST // 2}
starts_at_once = 2
"""
STUDENT = ("student", "Learning-Is-Fun-1")
# Each answer on a line of its own.
ASK = "hostname; cat /etc/machine-id; id -un; sudo -n true 2>/dev/null && echo administrator || echo plain; cat /lesson"


def start_all(server_process: ServerProcess) -> dict[str, StartedWork]:
    return {name: server_process.galeria.machines.start("algebra", name) for name in STUDENTS}


def state(server_process: ServerProcess, name: str) -> str:
    return str(server_process.galeria.machines.get("algebra", name)["properties"]["state"])


def running(server_process: ServerProcess) -> set[str]:
    machines = server_process.galeria.machines.list("algebra")
    return {each["name"] for each in machines if each["properties"]["state"] == "Running"}


def shell(server_process: ServerProcess, name: str, *, user: str, password: str) -> SshShell:
    profile = server_process.galeria.machines.get("algebra", name)["properties"]["connectionProfile"]
    host, _, port = str(profile["sshAuthority"]).rpartition(":")
    return SshShell(host=host, port=int(port), user=user, password=password)


def snapshot(server_process: ServerProcess, work: StartedWork) -> OperationSnapshot:
    assert work.operation
    return server_process.galeria.operations.get(work.operation)


def a_published_class(server_process: ServerProcess, material: DemoFiles) -> None:
    """Eight machines of a template in which a lesson was written."""
    server_process.settle(SETTINGS)
    start_with_gallery(server_process)
    labs = server_process.galeria.labs
    server_process.imported("Linux", material.qcow2)
    server_process.make_lab("algebra", server_process.image_id("Linux"))
    server_process.boot("algebra").run("sudo sh -c 'echo x squared > /lesson; chmod 644 /lesson; sync'")
    labs.change("algebra", capacity=len(STUDENTS), shared_password=True, student=STUDENT)
    server_process.wait(labs.publish("algebra"))


def ask(server_process: ServerProcess, name: str) -> list[str]:
    """What the student `name` sees in the machine, and the machine's host key."""
    opened = shell(server_process, name, user=STUDENT[0], password=STUDENT[1])
    answers = opened.run(ASK).splitlines()
    key = asyncio.run(asyncssh.get_server_host_key(opened.host, opened.port))
    assert key
    return [*answers, key.get_fingerprint()]


def test_a_class_of_eight_where_five_have_room(unstarted_server: ServerProcess, material: DemoFiles) -> None:
    server_process = unstarted_server
    a_published_class(server_process, material)
    machines = {each["name"]: each["properties"] for each in server_process.galeria.machines.list("algebra")}
    assert set(machines) == {"template", *STUDENTS}
    assert {each["state"] for each in machines.values()} == {"Stopped"}
    assert not any("claimedByUserId" in each for each in machines.values())

    begun = start_all(server_process)
    until(lambda: len(running(server_process)) == ROOM, "five run", seconds=400)
    first, waiting = STUDENTS[:ROOM], STUDENTS[ROOM:]
    assert running(server_process) == set(first)
    assert {snapshot(server_process, begun[name]).status for name in waiting} == {"NotStarted"}
    assert {state(server_process, name) for name in waiting} == {"Starting"}

    names, ids, accounts, rights, lessons, keys = zip(*(ask(server_process, name) for name in first), strict=True)
    assert list(names) == [f"algebra-{number}" for number in range(1, ROOM + 1)]
    assert len(set(ids)) == len(set(keys)) == ROOM
    assert (set(accounts), set(rights), set(lessons)) == ({"student"}, {"plain"}, {"x squared"})
    assert shell(server_process, first[0], user=USER, password=PASSWORD).run("sudo -n id -u") == "0"

    server_process.wait(server_process.galeria.machines.stop("algebra", first[0]))
    until(lambda: waiting[0] in running(server_process), "the next one runs", seconds=200)
    assert state(server_process, waiting[1]) == "Starting"
    for name in waiting[1:]:
        server_process.galeria.operations.cancel(snapshot(server_process, begun[name]).id)
