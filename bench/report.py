"""What a run leaves behind: its rows as JSON and as a table in Markdown, and a plot for each theme."""

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from bench.rows import Row

JSON, TABLE = "latest.json", "latest.md"
HEADS = ("what", "Galeria", "beside", "limit", "ratio", "goal", "met")

Themes = Mapping[str, list[Row]]
"""The rows of each theme, by its title."""


def write(folder: Path, themes: Themes, *, conditions: Mapping[str, object]) -> None:
    """Write all files, and remove plots of earlier runs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON).write_text(as_json(themes, conditions), encoding="utf-8")
    (folder / TABLE).write_text(as_markdown(themes, conditions), encoding="utf-8")
    for old in folder.glob("*.svg"):
        old.unlink()
    for title, rows in themes.items():
        if shown := [row for row in rows if row.met is not None]:
            (folder / plot_name(title)).write_text(as_svg(title, shown), encoding="utf-8")


def conditions(*, data: int) -> dict[str, object]:
    """Return what figures depend on. Nothing in it names the computer."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "processor": model.group(1) if model else platform.machine(),
        "memoryBytes": memory,
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "python": platform.python_version(),
        "dataBytes": data,
        "load": [round(number, 1) for number in os.getloadavg()],
    }


def flat(themes: Themes) -> Iterator[Row]:
    for rows in themes.values():
        yield from rows


def is_open(row: Row) -> bool:
    """Return whether there is a goal that nobody measured."""
    return row.goal is not None and row.ratio is None


def as_json(themes: Themes, conditions: Mapping[str, object]) -> str:
    rows = [
        {
            "theme": title,
            "name": row.name,
            "ours": row.ours,
            "peer": row.peer or None,
            "limit": row.limit or None,
            "ratio": None if row.ratio is None else round(row.ratio, 4),
            "goal": None if row.goal is None else str(row.goal),
            "met": row.met,
        }
        for title, some in themes.items()
        for row in some
    ]
    return json.dumps({"machine": dict(conditions), "rows": rows}, indent=2, ensure_ascii=False) + "\n"


def cells(row: Row) -> tuple[str, ...]:
    """Return what a table shows of a row, in the order of `HEADS`."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}" if row.ratio >= 0.1 else f"{row.ratio:.3f}"
    met = {True: "yes", False: "NO", None: "not measured" if is_open(row) else ""}[row.met]
    return row.name, row.ours, row.peer, row.limit, ratio, "" if row.goal is None else str(row.goal), met


def as_markdown(themes: Themes, conditions: Mapping[str, object]) -> str:
    lines = ["# The latest figures", "", "Written by `make bench`; [how to read them](../benchmarks.md).", ""]
    lines += [f"* {name}: {value}" for name, value in conditions.items()]
    for title, rows in themes.items():
        lines += ["", f"## {title}", ""]
        if any(row.met is not None for row in rows):
            lines += [f"![How far each goal is met]({plot_name(title)})", ""]
        lines += [_line(HEADS), _line(["---"] * len(HEADS))]
        lines += [_line(cells(row)) for row in rows]
    return "\n".join(lines) + "\n"


def plot_name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") + ".svg"


_WIDTH, _TEXT, _ROW, _HEAD = 1000, 640, 24, 44  # pixels: of the plot, of its names, of a row, and above the rows
_MOST = 2.0  # share of a goal at which a bar is cut
_MET, _NOT_MET = "#2e7d32", "#c62828"


def as_svg(title: str, rows: list[Row]) -> str:
    """Draw a bar for each row: how much of what the goal allows was used. Up to the line the goal is met."""
    height, scale = _HEAD + _ROW * len(rows) + 10, (_WIDTH - _TEXT - 70) / _MOST
    look = {"font-family": "sans-serif", "font-size": "12"}
    size = {"width": str(_WIDTH), "height": str(height), "viewBox": f"0 0 {_WIDTH} {height}"}
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **look, **size})
    SubElement(svg, "rect", width="100%", height="100%", fill="white")
    _write(svg, 10, 18, title, **{"font-size": "14", "font-weight": "bold"})
    _write(svg, _TEXT, 36, "share of what the goal allows; the line is the goal")
    for number, row in enumerate(rows):
        share, top = _share(row), _HEAD + number * _ROW
        width = min(share, _MOST) * scale
        _write(svg, _TEXT - 8, top + 15, row.name, **{"text-anchor": "end", "font-size": "11"})
        place = {"x": str(_TEXT), "y": str(top + 4), "width": f"{width:.1f}", "height": str(_ROW - 8)}
        SubElement(svg, "rect", {**place, "fill": _MET if row.met else _NOT_MET})
        _write(svg, _TEXT + width + 6, top + 15, f"{row.ratio:.3g}")
    goal = f"{_TEXT + scale:.1f}"
    SubElement(svg, "line", x1=goal, x2=goal, y1=str(_HEAD), y2=str(height - 8), stroke="black")
    indent(svg)
    return tostring(svg, encoding="unicode") + "\n"


def _share(row: Row) -> float:
    """Return 1 for a goal that is just met, less where there is room, and more where it is missed."""
    assert row.goal is not None
    assert row.ratio is not None
    if row.goal.more:
        return row.goal.value / row.ratio if row.ratio else _MOST
    return row.ratio / row.goal.value if row.goal.value else (_MOST if row.ratio else 0.0)


def _write(svg: Element, x: float, y: float, text: str, **style: str) -> None:
    SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "fill": "black", **style}).text = text


def _line(words: "list[str] | tuple[str, ...]") -> str:
    return "| " + " | ".join(word.replace("|", "\\|") for word in words) + " |"
