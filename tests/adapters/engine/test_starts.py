"""How often a machine is switched on, by what libvirt says at moments that cannot be held for a real one."""

from typing import cast

import libvirt
import pytest

from galeria.adapters.engine.power import START_TRIES, switch_on
from galeria.domain.errors import MachineFailed


def _error(code: int) -> libvirt.libvirtError:
    error = libvirt.libvirtError("swtpm socket did not show up")
    error.err = (code, libvirt.VIR_FROM_QEMU, "swtpm socket did not show up", libvirt.VIR_ERR_ERROR, "", "", "", 0, 0)
    return error


class SlowDomain:
    """Fails with `errors`, one at each start, and then runs."""

    def __init__(self, *errors: libvirt.libvirtError) -> None:
        self._errors, self.starts = list(errors), 0

    def create(self) -> None:
        self.starts += 1
        if self._errors:
            raise self._errors.pop(0)

    def isActive(self) -> bool:
        return False


def test_a_start_that_ran_out_of_time_is_tried_again() -> None:
    slow = SlowDomain(*[_error(libvirt.VIR_ERR_OPERATION_TIMEOUT)] * (START_TRIES - 1))
    switch_on(cast(libvirt.virDomain, slow))
    assert slow.starts == START_TRIES


@pytest.mark.parametrize(
    ("code", "starts"), [(libvirt.VIR_ERR_OPERATION_TIMEOUT, START_TRIES), (libvirt.VIR_ERR_INTERNAL_ERROR, 1)]
)
def test_a_start_that_keeps_failing_is_told(code: int, starts: int) -> None:
    slow = SlowDomain(*[_error(code)] * 9)
    with pytest.raises(MachineFailed, match="swtpm socket did not show up"):
        switch_on(cast(libvirt.virDomain, slow))
    assert slow.starts == starts
