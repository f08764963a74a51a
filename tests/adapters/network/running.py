"""The world of world.py as a process, for tests."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.adapters.network.namespaces import in_new_namespaces

ROOT = Path(__file__).resolve().parents[3]
Names = dict[str, list[list[str]]]
Pages = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a deed. `connections` are all that Galeria opened, `asked` is what the world's web servers were asked."""

    seconds: float
    connections: list[str]
    asked: list[dict[str, str]]
    error: str = ""
    code: str = ""
    text: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class World:
    process: subprocess.Popen[str]

    def act(self, do: str, *, names: Names | None = None, pages: Pages | None = None, **deed: Any) -> Outcome:
        assert self.process.stdin
        assert self.process.stdout
        scene = {"names": names or {}, "pages": pages or {}, "deed": {"do": do, **deed}}
        self.process.stdin.write(json.dumps(scene) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the world ended with status {self.process.wait(20)}"
        found = json.loads(line)
        own = {name: found.pop(name) for name in list(found) if name in Outcome.__dataclass_fields__}
        return Outcome(**own, more=found)


@contextmanager
def existing(folder: Path) -> Iterator[World]:
    for program, package in (("unshare", "util-linux"), ("ip", "iproute2"), ("mount", "mount")):
        assert shutil.which(program), f"{program} is missing: apt-get install {package}, or scripts/setup test"
    command = in_new_namespaces("tests.adapters.network.world", str(folder))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield World(process=process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(20)
