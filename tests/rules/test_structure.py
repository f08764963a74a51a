"""`scripts/structure.py` counts what it says, on a small tree whose figures are known, and reads earlier commits as well."""

import subprocess
import sys
from pathlib import Path

from tests.rules.sources import ROOT

SCRIPT = ROOT / "scripts" / "structure.py"
FILES = {
    "shop/orders.py": '''"""Orders."""
from shop.prices import total
def order(basket):
    """Order it."""
    return total(basket)
class Basket:
    def add(self, thing):
        return thing
''',
    "shop/prices.py": "from shop.stock.prices import check\ndef total(basket):\n    check(things=basket)\n    return 0\n",
    "shop/stock/prices.py": "class Basket: ...\ndef check(things):\n    return things\n",
    "shop/stock/__init__.py": "",
}


def make_tree(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "shop"


def figures(*arguments: str, folder: Path = ROOT) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=120
    )
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in done.stdout.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_the_figures_of_a_small_tree(tmp_path: Path) -> None:
    found = figures(str(make_tree(tmp_path)))

    assert found["files / lines"] == ["3 / 15"]
    assert found["modules in a folder: mean / max"] == ["1.5 / 2"]
    assert found["modules whose name is used once"] == ["33%"]
    assert found["class names defined more than once"] == ["1"]
    assert found["public functions and classes with a docstring"] == [
        "17%"
    ]  # one of three functions, two classes, a method
    assert found["imported modules of the tree in a file: mean / max"] == ["0.7 / 1"]
    assert found["modules on the longest walk of an argument"] == ["3"]


def test_an_earlier_commit_stands_beside_the_present(tmp_path: Path) -> None:
    folder = make_tree(tmp_path)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *command],
            cwd=tmp_path,
            check=True,
            timeout=60,
        )
    (folder / "more.py").write_text("", encoding="utf-8")

    found = figures(str(folder), "--revision", "HEAD", folder=tmp_path)

    assert found["files / lines"] == ["3 / 15", "4 / 15"]
