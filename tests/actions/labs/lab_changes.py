"""The lab `algebra` as it is stored, and changes to its settings."""

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab
from tests.local_installation import GALLERY, LocalInstallation, lab_id, secrets

IMAGE = GALLERY.child("images", "linux")
ALGEBRA = lab_id("algebra")


def held(installation: LocalInstallation, id: ResourceId = ALGEBRA) -> Lab:
    with installation.context.database(reading=True) as uow:
        return uow.labs.get_by_key(id.key)


def change(installation: LocalInstallation, said: LabSettings, who: str = "educator") -> Lab:
    with installation.request(who) as request:
        return update_lab(request, ALGEBRA, said, secrets())
