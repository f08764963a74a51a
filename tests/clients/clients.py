"""The Azure clients as the tests speak to them: `Az` is the Azure CLI, `Sdk` a client of the Python SDKs."""

import json
import re
import subprocess
from dataclasses import dataclass, replace
from typing import Any

from tests.clients.coverage import Coverage
from tests.clients.work_folder import WorkFolder, program

# Codes that say that the service does not know such an operation at all.
UNKNOWN = ("InvalidResourceType", "MethodNotAllowed", "NotFound")


class Refused(Exception):
    """What a client says when the service refuses: `code` and `message` as the client took them from the answer."""

    def __init__(self, code: str, message: str, *, text: str = "", kind: str = "", status: int = 0) -> None:
        super().__init__(f"({code}) {message}" if code else text or message)
        self.code, self.message, self.text, self.kind, self.status = code, message, text, kind, status


@dataclass(kw_only=True)
class Az:
    """Words in, parsed JSON out. The commands run in forks of one process that has loaded the CLI: the same code, sooner."""

    work_folder: WorkFolder
    environment: dict[str, str]
    coverage: Coverage

    def __call__(self, *words: str, **environment: str) -> Any:
        """Raises Refused."""
        done = self.work_folder.ask({"words": [*words], "environment": environment})
        return self._read(words, done["code"], done["out"], done["err"])

    def program(self, *words: str, **environment: str) -> Any:
        """The same, with the real program started for it. Raises Refused."""
        done = subprocess.run(
            [program("az", "az"), *words],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return self._read(words, done.returncode, done.stdout, done.stderr)

    def text(self, *words: str) -> str:
        """What a command prints as it is, for `-o tsv` and `-o table`. Raises Refused."""
        done = self.work_folder.ask({"words": [*words]})
        if done["code"]:
            raise refused(done["err"])
        return str(done["out"])

    def _read(self, words: tuple[str, ...], code: int, out: str, err: str) -> Any:
        if code:
            raise refused(err)
        self.coverage.use(command_of(words))
        return json.loads(out) if out.strip() else None


@dataclass(kw_only=True)
class Sdk:
    """`client` is compute or labs, of the generation that the work folder's environment holds: `age` is new or old."""

    work_folder: WorkFolder
    age: str
    client: str
    connect: dict[str, str]
    coverage: Coverage

    def __call__(self, call: str, *arguments: Any, **options: Any) -> Any:
        """One operation, waited for; models as the JSON of the wire. Every answer is held against its description.

        Raises Refused, and AssertionError where an answer is not as it is described.
        """
        order = {"client": self.client, "connect": self.connect, "call": call}
        answer = self.work_folder.ask({**order, "arguments": arguments, "options": options})
        assert "failure" not in answer, answer["failure"]
        assert not answer["faults"], f"{call} was answered in another shape than described:\n" + "\n".join(
            answer["faults"]
        )
        if "error" in answer:
            told = answer["error"]
            if told["code"] not in UNKNOWN:
                self.coverage.refuse(f"{self.client} {call}")
            raise Refused(told["code"] or "", told["message"] or "", kind=told["kind"], status=int(told["status"] or 0))
        self.coverage.use(f"{self.client} {call}")
        return answer["result"]

    def signed_in(self, **who: str) -> "Sdk":
        """As somebody else: a program by `client_id` and `client_secret`, a person by `username` and `password`."""
        return replace(self, connect={**self.connect, **who})

    def know(self, groups: tuple[str, ...]) -> None:
        """Ask the client itself what it can."""
        order = {"client": self.client, "connect": self.connect, "groups": groups}
        self.coverage.know(f"{self.client} {name}" for name in self.work_folder.ask(order)["operations"])


def command_of(words: tuple[str, ...]) -> str:
    """`sig image-version create` of a whole command line."""
    named: list[str] = []
    for word in words:
        if word.startswith("-"):
            break
        named.append(word)
    return " ".join(named)


def refused(err: str) -> Refused:
    """The CLI prints `ERROR: (code) message`, and for the service's errors Code: and Message: below."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", err).strip()
    found = re.search(r"ERROR: (?:\w+: )?\((?P<code>[\w.]+)\) (?P<message>.*)", text)
    if found:
        return Refused(found["code"], found["message"], text=text)
    plain = re.search(r"ERROR: (.*)", text)
    return Refused("", plain[1] if plain else text, text=text)
