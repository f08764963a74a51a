"""The accounts of one installation's machines: whether there are any, and what a start gives to the machine's own."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.adapters.engine.confinement.accounts import Account, account_of, find_obstacle, give
from galeria.adapters.engine.confinement.permits import PASS, READ, WRITE, Permit, permitted
from galeria.adapters.engine.daemons import LOCAL
from galeria.adapters.engine.disks import chain
from galeria.adapters.engine.domain_xml import disk_of, find_work_disk, has_tpm
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.machine_accounts import AccountSettings
from galeria.domain.messages import Message
from galeria.ports.machines import Acceleration

log = logging.getLogger(__name__)

OWN_FOLDER = Path("/var/lib/libvirt/qemu")  # holds a folder for each machine, with what QEMU reads and writes there
TPM_FOLDER = Path("/run/libvirt/qemu/swtpm")
KVM = Path("/dev/kvm")
_EVERYBODY = 0o006


class MachineAccounts:
    """Nothing is made or changed before a machine starts."""

    def __init__(self, installation: str, settings: AccountSettings, *, uri: str = LOCAL) -> None:
        self._installation = installation
        self._settings = settings
        self._uri = uri

    def find(self, ssh_port: int) -> Account | None:
        """Return the machine's account; None where all machines have that of libvirt."""
        obstacle = find_obstacle(self._installation, self._settings) if self._uri == LOCAL else "another host's libvirt"
        if obstacle:
            log.info("a machine starts with the account that all have: %s", obstacle)
            return None
        return account_of(self._installation, self._settings, ssh_port)

    @contextmanager
    def starting(self, account: Account | None, definition: str, acceleration: Acceleration) -> Iterator[None]:
        """Let the machine's process open what it is defined with, for as long as it starts. Raises MachineFailed."""
        if account is None:
            yield
            return
        *own, base = chain(disk_of(definition))
        work = find_work_disk(definition)
        try:
            give((*(file.path for file in own), *([work] if work else [])), account)
            OWN_FOLDER.chmod(OWN_FOLDER.stat().st_mode | 0o001)  # pictures of the screen go through it
            is_file = base.path.is_file()  # else its process lets the account in
            if is_file:
                os.chown(base.path, 0, 0)  # libvirt gave it to the account that all machines had
            with permitted(account, _permits(base.path if is_file else None, definition, acceleration)):
                yield
        except OSError as error:
            raise MachineFailed(
                Message("The machine's account could not be given what it needs: {reason}.", reason=str(error)),
                hint=Message(
                    "Set 'own_accounts = false' in the part [machines] of galeria.toml, then restart Galeria."
                ),
            ) from error


def _permits(base: Path | None, definition: str, acceleration: Acceleration) -> Iterator[Permit]:
    if base is not None:
        yield Permit(base, READ, is_closed=True)
    if has_tpm(definition):
        TPM_FOLDER.mkdir(mode=0o770, parents=True, exist_ok=True)
        yield Permit(TPM_FOLDER, PASS)
    if acceleration is Acceleration.KVM and KVM.stat().st_mode & _EVERYBODY != _EVERYBODY:
        yield Permit(KVM, READ | WRITE)
