"""Start, stop, reset the password of one machine.

A specialized image still knows somebody's password when it boots: its SSH port opens only after the new credentials are in it.
"""

from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.states import MachineState, moved
from galeria.ports.machines import Credentials, Machine
from galeria.ports.work import Step
from galeria.workflows.context import World
from galeria.workflows.create_lab import host_name


def start_machine(step: Step, world: World, operation_id: str) -> None:
    step("Start the machine", start, world, operation_id)
    step("Wait until it answers", wait_ready, world, operation_id)
    step("Set the credentials", settle_credentials, world, operation_id)
    step("Open the way in", open_ssh, world, operation_id)
    step("Running", note_state, world, operation_id, MachineState.RUNNING)


def stop_machine(step: Step, world: World, operation_id: str) -> None:
    step("Shut the machine down", stop, world, operation_id)
    step("Stopped", note_state, world, operation_id, MachineState.STOPPED)


def reset_password(step: Step, world: World, operation_id: str) -> None:
    step("Set the password", settle_credentials, world, operation_id)
    step("Running", note_state, world, operation_id, MachineState.RUNNING)


def start(world: World, operation_id: str) -> None:
    lab, row = _subject(world, operation_id)
    world.engine.start(_machine(row), ssh=not _is_foreign(lab, row))


def wait_ready(world: World, operation_id: str) -> None:
    world.engine.wait_ready(_machine(_subject(world, operation_id)[1]), seconds=world.settings.boot_seconds)


def settle_credentials(world: World, operation_id: str) -> None:
    """Bring the pending credentials into the machine; a generalized one took them at its first boot."""
    lab, row = _subject(world, operation_id)
    resetting = row.state is MachineState.RESETTING_PASSWORD
    if row.pending_password_hash and (resetting or _is_foreign(lab, row)):
        credentials = Credentials(
            user_name=row.user_name, password_hash=row.pending_password_hash, retire=tuple(row.retire_accounts)
        )
        world.engine.set_credentials(_machine(row), credentials)
    if row.renew_identity:
        world.engine.renew_identity(_machine(row), host_name=host_name(lab))
    with world.database() as uow:
        settled = uow.machines.get(row.id)
        settled.pending_password_hash, settled.retire_accounts, settled.renew_identity = "", [], False
        uow.commit()


def open_ssh(world: World, operation_id: str) -> None:
    world.engine.open_ssh(_machine(_subject(world, operation_id)[1]))


def stop(world: World, operation_id: str) -> None:
    world.engine.stop(_machine(_subject(world, operation_id)[1]), seconds=world.settings.stop_seconds)


def note_state(world: World, operation_id: str, state: MachineState) -> None:
    with world.database() as uow:
        row = uow.machines.get(uow.operations.get(operation_id).subject)
        row.state, row.failure = moved(row.state, state, "The machine"), ""
        uow.commit()


def _is_foreign(lab: Lab, row: LabMachine) -> bool:
    """Its accounts are not this lab's yet."""
    return lab.os_state is OsState.SPECIALIZED and bool(row.pending_password_hash)


def _subject(world: World, operation_id: str) -> tuple[Lab, LabMachine]:
    with world.database(reading=True) as uow:
        row = uow.machines.get(uow.operations.get(operation_id).subject)
        return uow.labs.get(row.lab_id), row


def _machine(row: LabMachine) -> Machine:
    return Machine(id=row.id, region=row.region)
