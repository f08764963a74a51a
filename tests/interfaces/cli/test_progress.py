"""Progress of running operations is printed in figures that people can read."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from galeria.interfaces.cli.kit.context import CliContext, GlobalOptions, OutputFormat
from galeria.interfaces.cli.kit.progress import ProgressFollower, ProgressLines, ProgressRow, following
from galeria.interfaces.cli.kit.wording import duration, names_in, plain, size
from galeria.interfaces.client.operations import OperationSnapshot, snapshot_of

GIB = 1 << 30


def snapshot(done: int, status: str = "Running", *, runs: int = 1) -> OperationSnapshot:
    step = {"name": "replicate_disk", "region": "westeurope", "status": status, "runs": runs}
    figures = {"bytesDone": done, "bytesTotal": 3 * GIB, "bytesPerSecond": 85 << 20, "secondsLeft": 80}
    return snapshot_of({"name": "1", "status": "InProgress", "properties": {"steps": [step | figures]}})


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536 << 20, "1.5 GiB"), (GIB - 1, "1.0 GiB"), (None, "–")],
)
def test_sizes(count: int | None, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (4800, "1 h 20 min"), (None, "–")],
)
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_names_of_a_nested_resource() -> None:
    id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/a/images/b/versions/1.0.0"

    assert names_in(id) == "a/b/1.0.0"
    assert names_in("/subscriptions/s/resourceGroups/g") == "g"


def test_plain_text_has_one_line_and_no_control_characters() -> None:
    assert plain("a\nb\x1b[31m\u202ec") == "a b [31m c"
    assert plain(None) == plain("") == "–"


def test_lines_are_written_when_a_step_begins_moves_by_a_tenth_and_ends() -> None:
    lines: list[str] = []
    follower = ProgressFollower(ProgressLines(lines.append))

    for done in (0, GIB // 1000, GIB, GIB + 1):
        follower.watch(snapshot(done))
    follower.watch(snapshot(3 * GIB, "Succeeded"))

    assert lines == [
        "replicate disk westeurope: 0% (0 B of 3.0 GiB, 85.0 MiB/s, 1 min 20 s left)",
        "replicate disk westeurope: 33% (1.0 GiB of 3.0 GiB, 85.0 MiB/s, 1 min 20 s left)",
        "replicate disk westeurope: done (3.0 GiB)",
    ]


def test_a_step_that_had_to_begin_again_says_so() -> None:
    lines: list[str] = []

    ProgressFollower(ProgressLines(lines.append)).watch(snapshot(0, runs=2))

    assert lines[0].startswith("replicate disk westeurope (run 2): 0%")


def test_a_step_is_whole_only_at_its_end() -> None:
    assert ProgressRow(label="x", status="Running", done=10, total=10).percent == 99
    assert ProgressRow(label="x", status="Succeeded").percent == 100


@pytest.fixture
def terminal() -> CliContext:
    context = CliContext(GlobalOptions(), {})
    context.err = Console(file=StringIO(), force_terminal=True, width=120, legacy_windows=False)
    return context


def written(context: CliContext) -> str:
    assert isinstance(context.err.file, StringIO)
    return context.err.file.getvalue()


def test_a_terminal_gets_bars(terminal: CliContext) -> None:
    with following(terminal) as follower:
        follower.watch(snapshot(GIB))
        follower.file(Path("disk[red].img"))(GIB, 4 * GIB)

    shown = written(terminal)
    assert "replicate disk westeurope" in shown
    assert "33%" in shown
    assert "1.0 GiB of 3.0 GiB, 85.0 MiB/s, 1 min 20 s left" in shown
    assert "sending disk[red].img" in shown


def test_programs_get_no_progress(terminal: CliContext) -> None:
    terminal.options = GlobalOptions(output=OutputFormat.JSON)

    with following(terminal) as follower:
        follower.watch(snapshot(GIB))

    assert written(terminal) == ""
