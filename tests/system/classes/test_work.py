"""A student's work in a real machine: it is there after the lab was published anew, and the machine of before comes back."""

import pytest

from galeria.domain.classes.work_disks import WORK_FOLDER
from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.resources import ResourcesClient
from galeria.interfaces.demo.people import DemoFiles
from galeria.interfaces.demo.shell import SshShell
from tests.system.conftest import start_with_gallery
from tests.system.server_process import ServerProcess

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

STUDENT = ("student", "Learning-Is-Fun-1")
OWN = "student-1"
ESSAY = f"{WORK_FOLDER}/essay"
SETTINGS = """
[[sizes]]
name = "Tiny"
vcpus = 1
memory_mib = 128
"""


def a_class_of_one(server_process: ServerProcess, material: DemoFiles) -> None:
    """The caller holds its machine."""
    server_process.settle(SETTINGS)
    start_with_gallery(server_process)
    galeria = server_process.galeria
    server_process.imported("Linux", material.qcow2)
    server_process.make_lab("algebra", server_process.image_id("Linux"))
    quota = {"virtualMachineProfile": {"usageQuota": "PT10H"}}
    ResourcesClient(connection=galeria.connection, api=LABS_API).patch(
        galeria.names.lab("algebra"), {"properties": quota}
    )
    galeria.labs.change("algebra", capacity=1, shared_password=True, student=STUDENT, open_access=True, work_disk=1)
    server_process.wait(galeria.labs.publish("algebra"))
    lab = f"{galeria.names.account_id()}/labs/algebra".replace("labPlans", "labaccounts")
    ResourcesClient(connection=galeria.connection, api="2018-10-15").post(f"{lab}/environmentsettings/default/claimAny")


def started(server_process: ServerProcess) -> SshShell:
    """The student's shell in their machine, which is started."""
    server_process.wait(server_process.galeria.machines.start("algebra", OWN))
    profile = server_process.galeria.machines.get("algebra", OWN)["properties"]["connectionProfile"]
    host, _, port = str(profile["sshAuthority"]).rpartition(":")
    return SshShell(host=host, port=int(port), user=STUDENT[0], password=STUDENT[1])


def test_a_students_file_is_there_after_a_new_revision(unstarted_server: ServerProcess, material: DemoFiles) -> None:
    server_process = unstarted_server
    a_class_of_one(server_process, material)
    machines = server_process.galeria.machines
    student = started(server_process)
    student.run(f"echo essay > {ESSAY}; echo lost > notes; sync; test ! -e /lesson")
    server_process.wait(machines.stop("algebra", OWN))

    server_process.boot("algebra").run("sudo sh -c 'echo x squared > /lesson; chmod 644 /lesson; sync'")
    server_process.wait(server_process.galeria.labs.publish("algebra"))
    server_process.wait(machines.update("algebra", OWN))

    student = started(server_process)
    assert student.run(f"cat /lesson {ESSAY}; test -e notes || echo new") == "x squared\nessay\nnew"
    student.run(f"echo more >> {ESSAY} && test -O {ESSAY}")

    server_process.wait(machines.stop("algebra", OWN))
    (before,) = machines.earlier("algebra", OWN)
    server_process.wait(machines.bring_back("algebra", OWN, before["id"]))
    student = started(server_process)
    assert student.run(f"test ! -e /lesson; cat notes {ESSAY}") == "lost\nessay\nmore"
