"""What is written about Galeria exists, is current, and leads somewhere."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.rules.commands import cli_page, command_groups
from tests.rules.sources import ROOT

PAGE = 80  # lines of a decision record
WRITTEN = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")
GROUPS = ("image", "gallery", "account", "lab", "person", "role", "operation", "store")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Where people and build machines keep check-outs; /root and /home are also folders of guests.
MACHINE_PATH = re.compile(rf"{re.escape(str(ROOT))}/|(?<![\w.~/}}$-])/(?:work|workspace|Users|builds)/[\w.-]+")
TEXTS = {".md", ".py", ".toml", ".txt", ".cfg", ".sh", ".html", ".js", ".css", ".json", ".xml", ".lock", ""}


def decisions() -> list[Path]:
    return sorted((ROOT / "docs" / "decisions").glob("*.md"))


def pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def tracked() -> list[Path]:
    """Every file that belongs to the project, those included that are not committed yet."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    found = [ROOT / name for name in listing.split("\0") if name]
    assert found
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize("name", WRITTEN)
def test_the_page_exists(name: str) -> None:
    path = ROOT / name

    assert path.is_file(), f"{name} is missing"
    assert len(path.read_text(encoding="utf-8").split()) > 50, f"{name} says next to nothing"


def test_the_page_of_commands_is_current(require_current: Callable[[str, str], None]) -> None:
    page = cli_page()

    assert not set(GROUPS) - set(command_groups())
    assert all(f"## {group}\n" in page for group in command_groups())
    require_current("docs/cli.md", page)


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [path.name[:4] for path in decisions()]

    assert numbers, "docs/decisions is empty"
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_a_decision_is_one_page_with_context_decision_and_outcome() -> None:
    faults: list[str] = []
    for path in decisions():
        text = path.read_text(encoding="utf-8")
        headings = set(re.findall(r"^## (.+)$", text, re.MULTILINE))
        if not {"Context", "Decision"} <= headings or not {"Numbers", "Consequences"} & headings:
            faults.append(f"{path.name}: headings {sorted(headings)}")
        if not text.startswith(f"# {int(path.name[:4])}. "):
            faults.append(f"{path.name}: the title is '# {int(path.name[:4])}. …'")
        if len(text.splitlines()) > PAGE:
            faults.append(f"{path.name}: longer than {PAGE} lines")

    assert not faults, "\n".join(faults)


def test_every_link_to_a_file_leads_there() -> None:
    dead: list[str] = []
    for page in pages():
        for target in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
            name = unquote(target.partition("#")[0])
            if name and not re.match(r"[a-z]+:", name) and not (page.parent / name).exists():
                dead.append(f"{page.relative_to(ROOT)}: {target}")

    assert not dead, "\n".join(dead)


def test_no_file_names_a_folder_of_somebodys_computer() -> None:
    found: list[str] = []
    for path in tracked():
        if path.suffix not in TEXTS or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if MACHINE_PATH.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")

    assert not found, "\n".join(found)
