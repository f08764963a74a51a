"""One class is cancelled, moved and restored; what became of the others stays."""

from tests.interfaces.cli.canned import MACHINE, SCHEDULE, SCHEDULE_BODY
from tests.interfaces.cli.conftest import Run
from tests.interfaces.client.rest_double import RestDouble

HELD = {"localStart": "2026-11-30T09:00:00Z"}


def sent(double: RestDouble) -> list[dict[str, str]]:
    (asked,) = [each for each in double.asked if each.method == "PATCH"]
    changes: list[dict[str, str]] = asked.json["properties"]["galeria"]["changes"]
    return changes


def test_one_class_is_cancelled(run: Run, double: RestDouble) -> None:
    double.put("PATCH", SCHEDULE, SCHEDULE_BODY)
    result = run("schedule", "cancel", "turma-a", "monday", "2026-12-02T09:00")
    assert result.exit_code == 0, result.stderr
    assert "does not take place" in result.stdout
    assert sent(double) == [HELD, {"localStart": "2026-12-02T09:00"}]


def test_one_class_is_moved_in_place_of_what_became_of_it_before(run: Run, double: RestDouble) -> None:
    double.put("PATCH", SCHEDULE, SCHEDULE_BODY)
    times = ("--start", "2026-12-01T14:00", "--stop", "2026-12-01T16:00")
    result = run("schedule", "move", "turma-a", "monday", "2026-11-30T09:00", *times)
    assert result.exit_code == 0, result.stderr
    moved = {"localStart": "2026-11-30T09:00", "startAt": "2026-12-01T14:00", "stopAt": "2026-12-01T16:00"}
    assert sent(double) == [moved]


def test_one_class_is_restored(run: Run, double: RestDouble) -> None:
    double.put("PATCH", SCHEDULE, SCHEDULE_BODY)
    result = run("schedule", "restore", "turma-a", "monday", "2026-11-30T09:00")
    assert result.exit_code == 0, result.stderr
    assert sent(double) == []


def test_the_warning_is_answered(run: Run, double: RestDouble) -> None:
    double.put("POST", f"{MACHINE}/keepRunning", None)
    result = run("lab", "keep-running", "turma-a")
    assert (result.exit_code, "keeps running" in result.stdout) == (0, True), result.stderr
