"""From what a machine is to be to its server in Nova, and back where its disk is to be another."""

from collections.abc import Sequence
from dataclasses import replace

from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.adapters.openstack.hardware import ask_for, properties_in
from galeria.adapters.openstack.images import CloudImage, CloudImages, Kind
from galeria.adapters.openstack.plans import OWN_IDENTITY, MachinePlan
from galeria.adapters.openstack.preparing import prepare_disk
from galeria.adapters.openstack.region import CloudRegion
from galeria.adapters.openstack.servers import Server
from galeria.adapters.openstack.work_files import work_folder
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.messages import Message

REMOVE_SECONDS = 180.0
_TRIES = 5


def write_plan(region: CloudRegion, machine: str, plan: MachinePlan) -> None:
    """Let the machine be this from its next start on that makes a server."""
    remove_plan(region.images, machine)
    with work_folder(region.work) as folder:
        content = folder / "plan"
        content.write_text(plan.text(), encoding="utf-8")
        region.images.add(Kind.MACHINE, f"galeria machine {machine}", content, format="raw", machine=machine)


def remove_plan(images: CloudImages, machine: str) -> None:
    for each in images.all(kind=Kind.MACHINE, machine=machine):
        images.remove(each.id)


def make_server(
    region: CloudRegion, machine: str, plan: MachinePlan, image: CloudImage, *, groups: Sequence[str]
) -> Server:
    """Make the machine's server of an image, in these security groups, and wait until it runs. Raises MachineFailed.

    Nova asks the image for the hardware, and two versions with the same disk share one image, also where their hardware
    differs: a server that was asked for while somebody else changed what the image asks for is made anew.
    """
    flavor = region.servers.flavor(
        vcpus=plan.vcpus, memory_mib=plan.memory_mib, disk_bytes=int(image.properties["galeria_size"])
    )
    for _ in range(_TRIES):
        ask_for(region.images, region.images.get(image.id), plan.hardware)
        server = region.servers.create(
            machine,
            image=image.id,
            flavor=flavor,
            user_data=plan.user_data.encode(),
            title=plan.title,
            base=plan.base,
            groups=groups,
        )
        if properties_in(region.images.get(image.id)) == plan.hardware:
            return region.servers.wait_built(server.id)
        region.servers.remove(server, REMOVE_SECONDS)
    raise MachineFailed(
        Message("Machines with other hardware are being made of the same image all the time."),
        hint=Message("Try again when their starts have ended."),
    )


def change_stopped(
    region: CloudRegion, server: Server, changes: DiskChanges, changer: ApplianceDiskChanger
) -> tuple[str, ...]:
    """Change the disk of a server that is off, which then is a plan with an own disk again; return the accounts closed by it.

    May be repeated: the server is removed last. Raises MachineFailed where it was left as it was.
    """
    copy = region.layers.copy_disk(server)
    try:
        closed = prepare_disk(region.images, copy, server.machine, changes, work=region.work, changer=changer)
    except BaseException:
        region.images.remove(copy.id)
        raise
    _plan_again(region, server, properties_in(copy))
    return closed


def change_stopped_hardware(
    region: CloudRegion, server: Server, hardware: dict[str, str], plan: MachinePlan | None
) -> None:
    """Let a server that is off have other hardware from its next start on. May be repeated.

    One whose plan is still there has never been ready, and is made anew with what it gets at its first boot.
    """
    if plan is None:
        region.layers.copy_disk(server)
        _plan_again(region, server, hardware)
    else:
        write_plan(region, server.machine, replace(plan, hardware=hardware))
        region.servers.remove(server, REMOVE_SECONDS)


def _plan_again(region: CloudRegion, server: Server, hardware: dict[str, str]) -> None:
    """Remove a server whose disk is the machine's own image. The next start makes another one of that."""
    plan = MachinePlan(
        base=server.base,
        vcpus=server.vcpus,
        memory_mib=server.memory_mib,
        title=server.title,
        user_data=OWN_IDENTITY,
        hardware=hardware,
    )
    write_plan(region, server.machine, plan)
    region.servers.remove(server, REMOVE_SECONDS)
