"""Machines whose image is still arriving on their host say how much of it is there."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from galeria.adapters.fakes.image_cache import FakeImageCache
from galeria.ports.images import Digest
from galeria.ports.machines import Arrival
from galeria.reconcilers.arriving_images import note_arrivals
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, with_running_lab


class ArrivingImages(FakeImageCache):
    """A cache in which some images are on their way."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.coming: dict[tuple[str, Digest], Arrival] = {}

    def arrivals(self) -> Mapping[tuple[str, Digest], Arrival]:
        return self.coming


def noted(installation: LocalInstallation) -> tuple[int | None, str]:
    machine = installation.machine("algebra")
    return machine.image_percent, machine.image_problem


def test_a_machine_says_how_much_of_its_image_is_there_until_it_is_whole(new_installation: MakeInstallation) -> None:
    running = new_installation(with_running_lab)
    cache = ArrivingImages(running.folder)
    context = replace(running.context, cache=cache)
    machine = running.machine("algebra")
    elsewhere = ("westeurope", machine.base_digest)

    note_arrivals(context)
    assert noted(running) == (None, "")
    cache.coming = {
        (machine.region, machine.base_digest): Arrival(present=34, total=100),
        elsewhere: Arrival(present=1, total=2),
    }
    note_arrivals(context)
    assert noted(running) == (34, "")
    cache.coming[machine.region, machine.base_digest] = Arrival(present=100, total=100, problem="The region is away.")
    note_arrivals(context)
    assert noted(running) == (99, "The region is away.")  # whole only once it is a file
    del cache.coming[machine.region, machine.base_digest]
    note_arrivals(context)
    assert noted(running) == (None, "")
