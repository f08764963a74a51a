"""Rows of images, versions and labs in an installation, in numbers and states that take long to reach by real work."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from galeria.actions.core.request import Request
from galeria.domain.images.galleries import (
    OS_DISK,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    Replica,
    SourceKind,
    VersionDisk,
)
from galeria.domain.images.soft_delete import Retention
from galeria.domain.labs.labs import LabMachine, MachineKind
from galeria.domain.labs.revisions import LabRevision
from galeria.domain.states import MachineState, ProvisioningState, ReplicaState
from galeria.domain.units import GB
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, lab_id

HOME = "brazilsouth"
BRAZIL = (HOME, "brazilsoutheast")


@dataclass(kw_only=True)
class VersionRows:
    """What a version's rows say; `replicas` are (region, state, excluded from latest there or None)."""

    number: str = "1.0.0"
    sizes: tuple[int, ...] = (8,)  # GB, the OS disk first
    replicas: tuple[tuple[str, ReplicaState, bool | None], ...] = ((HOME, ReplicaState.COMPLETED, None),)
    sealed: bool = True
    state: ProvisioningState = ProvisioningState.SUCCEEDED
    retention: Retention = Retention.ACTIVE
    excluded: bool = False
    deleted: bool = False
    digests: tuple[str, ...] = field(default=("", ""))


def add_image(request: Request, name: str, *versions: VersionRows, os_type: OsType = OsType.LINUX) -> ImageDefinition:
    id = GALLERY.child("images", name)
    definition = ImageDefinition(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=HOME,
        gallery_id=request.uow.galleries.get_by_key(GALLERY.key).id,
        display_name=name.replace("-", " ").capitalize(),
        os_type=os_type,
        os_state=OsState.GENERALIZED,
        generation=Generation.V1,
        publisher="campus",
        offer="linux",
        sku=name,
        **request.stamps(),
    )
    request.uow.definitions.add(definition)
    for each in versions:
        add_version(request, definition, each)
    return definition


def add_version(
    request: Request, definition: ImageDefinition, rows: VersionRows, *, made: datetime | None = None
) -> ImageVersion:
    now, uow = request.clock.now(), request.uow
    id = definition.arm_id.child("versions", rows.number)
    version = ImageVersion(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=f"deleted/{rows.number}/{definition.id}" if rows.deleted else id.key,
        location=HOME,
        definition_id=definition.id,
        source_kind=SourceKind.UPLOAD,
        source_id="upload",
        exclude_from_latest=rows.excluded,
        published_at=now if rows.sealed else None,
        state=rows.state,
        retention=rows.retention,
        deleted_at=now if rows.deleted else None,
        **request.stamps(),
    )
    version.created_at = made or version.created_at
    uow.versions.add(version)
    for lun, size in enumerate(rows.sizes, start=OS_DISK):
        digest = rows.digests[lun + 1] if lun + 1 < len(rows.digests) else ""
        uow.versions.add_disk(VersionDisk(version_id=version.id, lun=lun, size=size * GB, digest=digest))
    for region, state, excluded in rows.replicas:
        uow.versions.add_replica(
            Replica(version_id=version.id, region=region, state=state, exclude_from_latest=excluded)
        )
    return version


def add_many(request: Request, count: int, regions: tuple[str, ...], *, seed: int) -> None:
    """Images in every state that rows can be in; the same for one seed."""
    chance = random.Random(seed)
    for number in range(count):
        os_type = chance.choice((*[OsType.LINUX] * 3, OsType.WINDOWS))
        patches = chance.sample(range(12), chance.choice((0, 1, 1, 2, 4)))
        add_image(
            request,
            f"image-{number:02}",
            *(_any(chance, f"1.0.{patch}", regions) for patch in patches),
            os_type=os_type,
        )


def _any(chance: random.Random, number: str, regions: tuple[str, ...]) -> VersionRows:
    return VersionRows(
        number=number,
        sizes=tuple(chance.choice((8, 8, 8, 127, 128, 200)) for _ in range(chance.choice((1, 1, 1, 1, 2)))),
        replicas=tuple(
            (
                region,
                chance.choice((ReplicaState.COMPLETED, ReplicaState.COMPLETED, *ReplicaState)),
                chance.choice((None, None, True, False)),
            )
            for region in chance.sample(regions, chance.randint(0, len(regions)))
        ),
        sealed=chance.random() < 0.8,
        state=chance.choice((*[ProvisioningState.SUCCEEDED] * 4, *ProvisioningState)),
        retention=chance.choice((*[Retention.ACTIVE] * 9, *Retention)),
        excluded=chance.random() < 0.3,
        deleted=chance.random() < 0.05,
    )


def copy_labs(request: Request, like: str, titles: Mapping[str, str]) -> None:
    """Rows like that lab's, by name, without machines."""
    lab = request.uow.labs.get_by_key(lab_id(like).key)
    for name, title in titles.items():
        id = lab_id(name)
        copied = replace(lab, id=request.id_generator.new_id(), resource_id=str(id), key=id.key, title=title)
        request.uow.labs.add(copied)


def add_shared_versions(installation: LocalInstallation) -> None:
    """By real work: three versions that share most of their bytes, two of one image, and a lab on the first of them."""
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=BRAZIL))
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    installation.run(installation.begin_start("algebra"))
    for text in (b"lesson one", b"lesson two"):
        installation.engine.write(installation.guest_of("algebra"), 0, text)
        installation.run(installation.begin_export("algebra", "Algebra"))


def add_student_machine(installation: LocalInstallation, lab: str, name: str, port: int) -> str:
    """A machine's row as publishing makes it, in a lab that gives its students hours; returns its id."""
    template = installation.machine(lab)
    with installation.context.database() as uow:
        held = uow.labs.get(template.lab_id)
        held.usage_quota = held.usage_quota or 3600
        machine = LabMachine(
            id=f"{port:032x}",
            lab_id=template.lab_id,
            kind=MachineKind.USER,
            name=name,
            region=template.region,
            state=MachineState.STOPPED,
            base_digest=template.base_digest,
            os_state=template.os_state,
            ssh_port=port,
            user_name=template.user_name,
            created_at=installation.context.clock.now(),
        )
        uow.machines.add(machine)
        uow.commit()
    return machine.id


def add_revision(installation: LocalInstallation, lab: str) -> None:
    """What publishing makes of a template that is as its image: a revision of that content, and the lab has been published."""
    template, now = installation.machine(lab), installation.context.clock.now()
    with installation.context.database() as uow:
        revision = LabRevision(
            id=f"{1:032x}",
            lab_id=template.lab_id,
            number=1,
            digest=template.base_digest,
            os_state=template.os_state,
            is_ready=True,
            created_at=now,
        )
        uow.revisions.add(revision)
        uow.labs.get(template.lab_id).published_at = now
        uow.commit()
