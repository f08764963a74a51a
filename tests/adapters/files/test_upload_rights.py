"""Bytes are taken while whoever sends them may import files: asked at each piece, and while one long piece comes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from galeria.actions.core.caller import Caller
from galeria.actions.people.people import disable, set_password
from galeria.domain.errors import Forbidden, GaleriaError, Unauthenticated
from galeria.interfaces.uploads.stored_uploads import LOOK_EVERY, StoredUploads
from tests.local_installation import GALLERY, LocalInstallation, secrets
from tests.role_assignments import assign_role

NAME = "colleague"


class MovedClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by


def take_roles(installation: LocalInstallation) -> None:
    with installation.context.database() as uow:
        for held in uow.people.assignments(installation.people[NAME].id):
            uow.people.remove_assignment(held)
        uow.commit()


def shut_out(installation: LocalInstallation) -> None:
    with installation.request() as request:
        disable(request, NAME)


def renew_password(installation: LocalInstallation) -> None:
    with installation.request() as request:
        set_password(request, NAME, None, secrets())


ENDS = [(take_roles, Forbidden), (shut_out, Unauthenticated), (renew_password, Unauthenticated)]


def uploads_of(installation: LocalInstallation, clock: MovedClock) -> tuple[StoredUploads, Caller]:
    assign_role(installation, NAME, "Contributor", GALLERY.key)
    requests = replace(installation.requests, clock=clock)
    with installation.request(NAME) as request:
        return StoredUploads(requests=requests, files=installation.context.uploads), request.caller


@pytest.fixture
def clock(installation: LocalInstallation) -> MovedClock:
    return MovedClock(installation.context.clock.now())


@pytest.mark.parametrize(("end", "error"), ENDS)
def test_a_long_piece_ends_with_the_right_to_send_it(
    installation: LocalInstallation,
    clock: MovedClock,
    end: Callable[[LocalInstallation], None],
    error: type[GaleriaError],
) -> None:
    uploads, caller = uploads_of(installation, clock)
    upload = uploads.create(caller, file_name="disk.raw", length=100, limit=100)
    asked = []

    def pieces() -> Iterator[bytes]:
        for number in range(10):
            asked.append(number)
            if number == 5:
                end(installation)
            clock.move(LOOK_EVERY)
            yield b"0123456789"

    with pytest.raises(error):
        uploads.receive(caller, upload.id, offset=0, data=pieces())
    assert asked == [0, 1, 2, 3, 4, 5]
    assert uploads.files.size(upload.id) == 0


def test_a_piece_comes_whole_while_nothing_changes(installation: LocalInstallation, clock: MovedClock) -> None:
    uploads, caller = uploads_of(installation, clock)
    upload = uploads.create(caller, file_name="disk.raw", length=100, limit=100)

    def pieces() -> Iterator[bytes]:
        for _ in range(10):
            clock.move(LOOK_EVERY)
            yield b"0123456789"

    assert uploads.receive(caller, upload.id, offset=0, data=pieces()).offset == 100


def test_the_next_piece_takes_the_right_of_its_moment(installation: LocalInstallation, clock: MovedClock) -> None:
    uploads, caller = uploads_of(installation, clock)
    upload = uploads.create(caller, file_name="disk.raw", length=100, limit=100)
    uploads.receive(caller, upload.id, offset=0, data=[b"0123456789"])
    take_roles(installation)
    now = replace(caller, assignments=[])
    with pytest.raises(Forbidden, match="may not import"):
        uploads.receive(now, upload.id, offset=10, data=[b"0123456789"])
    assert uploads.files.size(upload.id) == 10
