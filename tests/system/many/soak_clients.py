"""Clients that use several servers as behind a proxy, and notice everything that is lost, false or slow."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

COMPUTE, LABS = "2024-03-03", "2022-08-01"
REGIONS = ("brazilsouth", "brazilsoutheast")  # of the galleries: a region has at most a hundred
WORK_SECONDS = 180.0  # in which every operation must end once nobody is killed any more
ANSWER_SECONDS = 60.0  # in which some server must answer


@dataclass
class Findings:
    """What all clients have noticed."""

    seconds: dict[str, list[float]] = field(default_factory=dict)  # of every answer by verb, with all its tries
    faults: list[str] = field(default_factory=list)
    operations: int = 0
    longest_operation: float = 0.0  # seconds
    retries: int = 0  # of requests whose server had just been killed

    @property
    def answers(self) -> int:
        return sum(len(each) for each in self.seconds.values())

    def slowest(self, share: float, verb: str = "") -> float:
        """Return the seconds that this share of the answers was quicker than."""
        found = self.seconds.get(verb, []) if verb else [each for some in self.seconds.values() for each in some]
        ordered = sorted(found)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def summary(self, verb: str) -> str:
        half, most = self.slowest(0.5, verb) * 1000, self.slowest(0.99, verb) * 1000
        return f"{len(self.seconds[verb])} answers, half of them in {half:.0f} ms, 99 of 100 in {most:.0f} ms"


@dataclass
class Front:
    """The servers that are up, as a proxy knows them, and a token for each."""

    client_id: str
    client_secret: str = field(repr=False)
    http: httpx.AsyncClient
    endpoints: list[str] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def token(self, endpoint: str) -> str:
        """Return one for this server, asked for once: clients keep theirs."""
        async with self._asking:
            return await self._token(endpoint)

    async def _token(self, endpoint: str) -> str:
        if endpoint not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
            answer = await self.http.post(f"{endpoint}/adfs/oauth2/token", data=form)
            answer.raise_for_status()
            self._tokens[endpoint] = answer.json()["access_token"]
        return self._tokens[endpoint]


class Patience:
    """Ends some time after the last kill: until then an operation may lose its worker again and again."""

    def __init__(self, over: asyncio.Event) -> None:
        self._over, self._began = over, time.monotonic()

    @property
    def is_over(self) -> bool:
        if not self._over.is_set():
            self._began = time.monotonic()
        return time.monotonic() - self._began > WORK_SECONDS


class Client:
    """Asks for things of its own only, so that it knows what each answer must be."""

    def __init__(self, front: Front, findings: Findings, group: str, number: int) -> None:
        self._front, self._findings = front, findings
        self._gallery = f"{group}/providers/Microsoft.Compute/galleries/soak{number}"
        self._machine = f"{group}/providers/Microsoft.LabServices/labs/soak{number}/virtualMachines/template"
        self._region = REGIONS[number % len(REGIONS)]
        self._random = random.Random(number)
        self._count = 0

    async def read_and_write(self, over: asyncio.Event, pause: float) -> None:
        """Count up in a tag of the own gallery; what was answered must be there afterwards."""
        await self._pause(pause)  # clients come one after the other, not all at the same moment
        await self._write()
        while not over.is_set():
            await self._pause(pause)
            if self._random.random() < 0.15:
                await self._write()
            else:
                await self._read()
        await self._read()

    async def switch(self, over: asyncio.Event, pause: float) -> None:
        """Start and stop a machine; whatever is said to be done must be so."""
        is_on = False
        while not over.is_set() or is_on:
            await self._pause(pause)
            verb, state = ("stop", "Stopped") if is_on else ("start", "Running")
            await self._work(f"{self._machine}/{verb}", over)
            answer = await self._ask("GET", self._machine, LABS)
            found = answer.json()["properties"]["state"] if answer.is_success else answer.text
            if found != state:
                self._findings.faults.append(f"after {verb} the machine is {found}")
                return
            is_on = not is_on

    async def _pause(self, pause: float) -> None:
        await asyncio.sleep(self._random.uniform(0, 2 * pause))

    async def _write(self) -> None:
        self._count += 1
        body = {"location": self._region, "tags": {"count": str(self._count)}}
        answer = await self._ask("PUT", self._gallery, COMPUTE, body)
        if not answer.is_success:
            self._findings.faults.append(f"PUT: {answer.status_code} {answer.text[:200]}")

    async def _read(self) -> None:
        answer = await self._ask("GET", self._gallery, COMPUTE)
        found = answer.json().get("tags", {}).get("count") if answer.is_success else answer.text[:200]
        if found != str(self._count):
            self._findings.faults.append(f"GET: {self._count} was written, and {found} found")

    async def _work(self, path: str, over: asyncio.Event) -> None:
        """Begin an operation and follow it to its end."""
        began, patience = time.monotonic(), Patience(over)
        answer = await self._ask("POST", path, LABS)
        status, where = "InProgress", answer.headers.get("azure-asyncoperation", "")
        if answer.status_code == 409:  # the server died after its commit and before its answer
            where, status = "", await self._settled(patience)
        while status not in ("Succeeded", "Failed", "Canceled") and not patience.is_over:
            await asyncio.sleep(1)
            path_and_query = "/" + where.split("/", 3)[3] if where.startswith("https://") else where
            answer = await self._ask("GET", path_and_query.partition("?")[0], _version(where))
            status = answer.json().get("status", answer.text[:200])
        self._findings.operations += 1
        self._findings.longest_operation = max(self._findings.longest_operation, time.monotonic() - began)
        if status != "Succeeded":
            self._findings.faults.append(f"{path.rsplit('/', 1)[-1]} ended as {status}")

    async def _settled(self, patience: "Patience") -> str:
        """Wait until the machine is on or off."""
        while not patience.is_over:
            answer = await self._ask("GET", self._machine, LABS)
            if answer.json().get("properties", {}).get("state") in ("Running", "Stopped"):
                return "Succeeded"
            await asyncio.sleep(1)
        return "never"

    async def _ask(self, verb: str, path: str, api: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Ask one server, and another one where it does not answer, as a proxy does."""
        began = time.monotonic()
        while True:
            endpoint = self._random.choice(self._front.endpoints)
            try:
                headers = {"Authorization": f"Bearer {await self._front.token(endpoint)}"}
                answer = await self._front.http.request(
                    verb, endpoint + path, params={"api-version": api}, json=body, headers=headers
                )
                break
            except httpx.TransportError as error:
                if endpoint in self._front.endpoints:  # whoever was killed is not there any more
                    self._findings.faults.append(f"{verb}: no answer from a server that was not killed: {error!r}")
                if time.monotonic() - began > ANSWER_SECONDS:
                    self._findings.faults.append(f"{verb}: no server answered for {ANSWER_SECONDS:.0f} s")
                    return httpx.Response(503, json={})
                self._findings.retries += 1
                await asyncio.sleep(0.05)
        self._findings.seconds.setdefault(verb, []).append(time.monotonic() - began)
        if answer.status_code >= 500:
            self._findings.faults.append(f"{verb}: {answer.status_code} {answer.text[:200]}")
        return answer


def _version(url: str) -> str:
    return str(httpx.URL(url).params.get("api-version", LABS))
