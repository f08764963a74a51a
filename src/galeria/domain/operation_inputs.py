"""What operations were begun with: one frozen shape for each set of inputs, and how it is stored as JSON.

Stored inputs outlive the release that wrote them: a failed operation can be retried after any number of upgrades. So every
`from_stored` also reads what earlier releases wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import Origin, OriginKind
from galeria.domain.states import LabState


@dataclass(frozen=True, kw_only=True)
class OperationInputs:
    """The inputs of an operation that needs to know nothing but its subject; all other shapes derive from it."""

    @property
    def machine(self) -> str:
        """The id of the machine that the operation works with besides its subject; empty where there is none."""
        return ""

    def to_stored(self) -> dict[str, Any]:
        """The inputs as JSON values, which `from_stored` turns back into the same inputs."""
        return {}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored, by this release or an earlier one."""
        return cls()


NO_INPUTS = OperationInputs()


@dataclass(frozen=True, kw_only=True)
class FillInputs(OperationInputs):
    """Where the bytes of the subject's disks come from, by lun, and whether the OS disk is looked into when it is stored."""

    origins: Mapping[int, Origin]
    looks: bool = (
        False  # kept because steps that are remembered may not change while they run: earlier releases had no look
    )

    @property
    def machine(self) -> str:
        """The id of the machine whose disk is read; all machine origins of one operation are of the same machine."""
        return next((each.name for each in self.origins.values() if each.kind is OriginKind.MACHINE), "")

    def to_stored(self) -> dict[str, Any]:
        """The origins by lun; JSON has only texts for keys."""
        looks = {"looks": True} if self.looks else {}
        return {"origins": {str(lun): each.to_inputs() for lun, each in self.origins.items()}, **looks}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored.

        Earlier releases wrote uploads apart from other origins, and an export as its machine and layer alone.
        """
        uploads = {int(lun): Origin(kind=OriginKind.UPLOAD, name=id) for lun, id in stored.get("uploads", {}).items()}
        origins = {int(lun): Origin.from_inputs(each) for lun, each in stored.get("origins", {}).items()}
        if "machine" in stored and not origins:
            origins = {OS_DISK: Origin(kind=OriginKind.MACHINE, name=stored["machine"], since=stored["since"])}
        return cls(origins=uploads | origins, looks=bool(stored.get("looks")))


@dataclass(frozen=True, kw_only=True)
class RegionInputs(OperationInputs):
    """The regions that a version's replicas are taken from."""

    removed: tuple[str, ...]

    def to_stored(self) -> dict[str, Any]:
        """The names of the regions."""
        return {"removed": list(self.removed)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored."""
        return cls(removed=tuple(stored["removed"]))


@dataclass(frozen=True, kw_only=True)
class RedeployInputs(OperationInputs):
    """Whether the machine ran when its redeployment was asked for."""

    running: bool

    def to_stored(self) -> dict[str, Any]:
        """Whether it ran."""
        return {"running": self.running}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored."""
        return cls(running=bool(stored["running"]))


@dataclass(frozen=True, kw_only=True)
class PreparationInputs(OperationInputs):
    """Whether the disk of a new machine is prepared before its first start, and the machine in its place kept for a time.

    Both are kept because steps that are remembered may not change while they run: earlier releases did neither.
    """

    prepares: bool = False
    keeps: bool = False

    def to_stored(self) -> dict[str, Any]:
        """What of both is so."""
        return {**({"prepares": True} if self.prepares else {}), **({"keeps": True} if self.keeps else {})}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored; earlier releases stored none."""
        return cls(prepares=bool(stored.get("prepares")), keeps=bool(stored.get("keeps")))


PREPARING = PreparationInputs(prepares=True)
RENEWING = PreparationInputs(prepares=True, keeps=True)


@dataclass(frozen=True, kw_only=True)
class BringBackInputs(OperationInputs):
    """The id of the earlier machine that takes the place of the present one."""

    kept: str

    def to_stored(self) -> dict[str, Any]:
        """The id of that machine."""
        return {"kept": self.kept}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored."""
        return cls(kept=stored.get("kept", ""))


@dataclass(frozen=True, kw_only=True)
class ResetInputs(OperationInputs):
    """Whether the machine was off when a password was to be set in it, and still had the accounts of its image."""

    is_off: bool = False
    is_foreign: bool = False

    def to_stored(self) -> dict[str, Any]:
        """What of both is so."""
        return {**({"off": True} if self.is_off else {}), **({"foreign": True} if self.is_foreign else {})}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored; earlier releases stored none, and set passwords in running machines only."""
        return cls(is_off=bool(stored.get("off")), is_foreign=bool(stored.get("foreign")))


@dataclass(frozen=True, kw_only=True)
class PublishInputs(OperationInputs):
    """The lab's state before it was published, and the id of its template; empty for a lab that has none.

    Whether machines are made is kept because steps that are remembered may not change while they run: earlier releases made
    none.
    """

    before: LabState
    template: str = ""
    makes: bool = False
    captures: bool = True  # whether what has changed in the template is stored first

    @property
    def machine(self) -> str:
        """The id of the template, which is shut down first."""
        return self.template

    def to_stored(self) -> dict[str, Any]:
        """The state, the template where there is one, and what is done."""
        return {
            "before": self.before.value,
            **({"machine": self.template} if self.template else {}),
            **({"makes": True} if self.makes else {}),
            **({} if self.captures else {"captures": False}),
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The inputs that were stored."""
        return cls(
            before=LabState(stored["before"]),
            template=stored.get("machine", ""),
            makes=bool(stored.get("makes")),
            captures=bool(stored.get("captures", True)),
        )
