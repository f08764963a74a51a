"""Whether a machine counts as paused, by what libvirt says of it at moments that cannot be held for a real one."""

from typing import cast

import libvirt
import pytest

from galeria.adapters.engine.daemons import change_pause, is_held


class StatedDomain:
    """Says one state; going on is refused, as by libvirt for a machine that has just begun to run."""

    def __init__(self, state: int, reason: int) -> None:
        self._said = [state, reason]
        self.was_resumed = False

    def state(self) -> list[int]:
        return self._said

    def resume(self) -> None:
        self.was_resumed = True


@pytest.mark.parametrize(
    ("state", "reason", "held"),
    [
        (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER, True),
        (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR, True),
        (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP, False),
        (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED, False),
        (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED, False),
    ],
)
def test_only_what_was_paused_goes_on(state: int, reason: int, held: bool) -> None:
    stated = StatedDomain(state, reason)
    domain = cast(libvirt.virDomain, stated)

    assert is_held(domain) is held
    change_pause(domain, paused=False)
    assert stated.was_resumed is held
