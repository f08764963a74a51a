"""What a confined program can reach: nothing of the host but its programs."""

import subprocess
from pathlib import Path

import pytest

from galeria.adapters.inspection.confinement import ProgramLimits, confined

LIMITS = ProgramLimits(memory=1 << 30, processor=5)


def run(script: str, *readable: Path) -> str:
    done = subprocess.run(
        confined(["sh", "-c", script], LIMITS, readable=readable),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def test_it_has_no_rights_and_is_nobody() -> None:
    status = dict(line.split(":", 1) for line in run("cat /proc/self/status").splitlines())

    assert {status[f"Cap{kind}"].strip() for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert status["NoNewPrivs"].strip() == "1"
    user = status["Uid"].split()
    assert int(user[0]) >= 0x60000000
    assert user == status["Gid"].split() == [user[0]] * 4


def test_it_sees_no_files_of_the_host(tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.write_text("shown")
    (tmp_path / "hidden").write_text("hidden")

    script = (
        f"ls -d /etc /root /work /var; ls {tmp_path}; cat {shown}; echo; echo x > {shown}; ls /proc | grep -c '^[0-9]'"
    )
    told = run(script, shown)

    assert told.split()[:2] == ["shown", "shown"]
    assert int(told.split()[2]) <= 5  # processes: its own
    assert shown.read_text() == "shown"


def test_it_has_no_network() -> None:
    assert [line.split(":")[0].strip() for line in run("cat /proc/net/dev").splitlines()[2:]] == ["lo"]


@pytest.mark.parametrize(
    "script", ["head -c 1000 /dev/zero > /dev/shm/x", "dd if=/dev/zero of=/dev/shm/x count=1 2>/dev/null"]
)
def test_it_writes_no_files(script: str) -> None:
    assert run(f"({script}) && echo written") == ""


def test_it_ends_at_its_limits() -> None:
    limits = ProgramLimits(memory=1 << 28, processor=1)
    endless = subprocess.run(
        confined(["sh", "-c", "while :; do :; done"], limits), capture_output=True, timeout=60, check=False
    )
    large = subprocess.run(
        confined(["sh", "-c", "head -c 600M /dev/zero | tail"], limits), capture_output=True, timeout=60, check=False
    )

    assert endless.returncode != 0
    assert large.returncode != 0
