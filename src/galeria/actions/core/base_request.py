"""What one transaction of an action may touch, where nobody has signed in."""

from dataclasses import dataclass

from galeria.domain.settings import Settings
from galeria.ports.database import UnitOfWork
from galeria.ports.files import DiskRoom
from galeria.ports.work import Clock, IdGenerator


@dataclass(frozen=True, kw_only=True)
class BaseRequest:
    """One transaction with what every action needs. As it stands here it has no caller.

    It serves whoever is about to sign in, the first start, and operations under way. Whoever opened the transaction
    commits it. Ports that only some actions need (stores, files, the hasher of secrets) are further arguments.
    """

    uow: UnitOfWork
    clock: Clock
    id_generator: IdGenerator
    settings: Settings
    disk_room: DiskRoom
