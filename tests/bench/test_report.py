"""A report says of every goal whether it was met, missed or not measured, in each of its forms."""

import json
from pathlib import Path
from xml.etree import ElementTree

from bench import report
from bench.rows import Row, at_least, at_most, not_measured

SPEED = Row(name="speed", ours="1.00 s", peer="qemu-img: 3.00 s", ratio=3.0, goal=at_least(2.4))
SLOW = Row(name="time | of the limit", ours="2.00 s", limit="1.00 s", ratio=2.0, goal=at_most(1.3))
FREE = Row(name="bytes", ours="5 MiB", ratio=0.5)
OPEN = not_measured("a warm boot", at_most(1.5))
THEMES = {"Exporting a disk": [SPEED, SLOW, FREE], "Lazy boot": [OPEN]}


def test_a_goal_is_met_on_its_right_side_and_open_without_a_ratio() -> None:
    assert [row.met for row in (SPEED, SLOW, FREE, OPEN)] == [True, False, None, None]
    assert [report.is_open(row) for row in (SPEED, SLOW, FREE, OPEN)] == [False, False, False, True]
    assert [at_least(2).is_met(2), at_most(2).is_met(2)] == [True, True]


def test_the_json_has_every_row_with_all_its_fields() -> None:
    found = json.loads(report.as_json(THEMES, {"processors": 2}))
    assert found["machine"] == {"processors": 2}
    assert found["rows"][0] == {
        "theme": "Exporting a disk",
        "name": "speed",
        "ours": "1.00 s",
        "peer": "qemu-img: 3.00 s",
        "limit": None,
        "ratio": 3.0,
        "goal": "at least 2.4",
        "met": True,
    }
    assert [(row["ratio"], row["goal"], row["met"]) for row in found["rows"]][2:] == [
        (0.5, None, None),
        (None, "at most 1.5", None),
    ]


def test_the_table_names_what_was_missed_and_what_nobody_measured() -> None:
    lines = report.as_markdown(THEMES, {"processors": 2}).splitlines()
    assert r"| time \| of the limit | 2.00 s |  | 1.00 s | 2.00 | at most 1.3 | NO |" in lines
    assert "| a warm boot | not measured yet |  |  |  | at most 1.5 | not measured |" in lines


def test_the_files_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    report.write(tmp_path, {"Old": [SPEED]}, conditions={})
    report.write(tmp_path, THEMES, conditions=report.conditions(data=1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exporting-a-disk.svg", "latest.json", "latest.md"]


def test_a_bar_crosses_the_line_where_the_goal_is_missed() -> None:
    svg = ElementTree.fromstring(report.as_svg("Exporting a disk", [SPEED, SLOW]))
    name = "{http://www.w3.org/2000/svg}"
    _, *bars = svg.findall(f"{name}rect")
    line = svg.find(f"{name}line")
    assert line is not None
    ends = [float(bar.attrib["x"]) + float(bar.attrib["width"]) for bar in bars]
    assert [end <= float(line.attrib["x1"]) for end in ends] == [True, False]
