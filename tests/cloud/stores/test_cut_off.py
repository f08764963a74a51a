"""Two regions, each with its worker and its store in a network of its own; one of them is cut off, with its store."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.adapters.postgresql import created_database, postgresql_server
from tests.cloud.conftest import BUCKET
from tests.cloud.servers.azurite import running_azurite
from tests.cloud.servers.sites import HERE, joined
from tests.cloud.stores.two_places import TwoPlaces, region_settings
from tests.system.many.computers import Computers
from tests.system.server_process import SOUTH, SOUTHEAST
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)

COPY_MBIT = 50
"""What the far place receives in a second while a copy is cut off in its middle: it takes 4 s then."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoPlaces]:
    folder = tmp_path_factory.mktemp("places")
    with joined("home", "far") as sites, postgresql_server(HERE) as url, ExitStack() as stack:
        computers = Computers(folder, created_database(url, like="template1"))
        for site, name in zip(sites, (SOUTH, SOUTHEAST), strict=True):
            objects = folder / f"store-{site.name}"
            objects.mkdir()
            store = stack.enter_context(running_azurite(objects, site.address, inside=site.inside))
            store.make_bucket(BUCKET)
            computers.more_settings += region_settings(name, store, folder / f"{name}.secret")
        stack.callback(computers.close)
        yield TwoPlaces(computers, folder, *sites)


@pytest.fixture
def places(started: TwoPlaces) -> TwoPlaces:
    started.restore()
    return started


def test_a_region_whose_cable_is_pulled_holds_up_nobody_and_catches_up(places: TwoPlaces) -> None:
    places.make("before")
    places.far.pull_cable()
    imported = places.begin("meanwhile", SOUTH, SOUTHEAST)
    places.goes_on_at_home(imported)
    places.far_worker_ends_itself()
    places.catches_up(imported)


def test_a_region_whose_packets_are_lost_in_the_middle_of_a_copy_catches_up(places: TwoPlaces) -> None:
    places.far.slow_down(COPY_MBIT)
    imported = places.begin("copied", SOUTH, SOUTHEAST)
    until(lambda: places.is_half_copied(imported), "it is half copied", seconds=90)
    places.far.lose_packets()
    places.goes_on_at_home(imported)
    places.far_worker_ends_itself()
    places.catches_up(imported)
    places.far_store_is_whole()
