"""The short form of `make soak`: what was answered is never lost, and what is said to be done is done.

tests/system/many/test_take_over.py kills processes one by one, also in continuous integration.
"""

from pathlib import Path

import pytest

from tests.system.many.computers import Computers
from tests.system.many.soak import Soak, prepare, run_soak

pytestmark = [pytest.mark.system, pytest.mark.timeout(900), pytest.mark.long]


def test_nothing_is_lost_or_falsely_done_while_random_processes_are_killed(
    computers: Computers, tmp_path: Path
) -> None:
    soak = Soak(clients=12, machines=3, seconds=30, kills=5, pause=1.0)
    prepare(soak, computers, tmp_path)
    outcome = run_soak(soak, computers)
    assert outcome.findings.faults == []
    assert outcome.kills == soak.kills
    assert outcome.findings.operations >= soak.machines
    assert outcome.findings.answers > soak.clients * 5
