"""A client of the server under measurement: httpx for what has to be said once, the plain one of Python for what is timed.

httpx takes some 3 ms of a processor for a page of 100 versions (measured), which no server can answer for.
"""

import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPSConnection

import httpx

PATIENCE = 60.0  # seconds for one answer


class Browser(httpx.Client):
    """Keeps cookies and headers as every client of httpx, and can open a plain connection that sends them, too."""

    def __init__(self, connect: dict[str, str]) -> None:
        self._trust = ssl.create_default_context(cafile=connect["ca_file"])
        super().__init__(base_url=connect["endpoint"], verify=self._trust, trust_env=False, timeout=PATIENCE)

    def direct(self) -> "closing[DirectConnection]":
        """Open a connection that is kept for all answers."""
        headers = {name: value for name, value in self.headers.items() if name not in {"host", "connection"}}
        if cookies := "; ".join(f"{each.name}={each.value}" for each in self.cookies.jar):
            headers["Cookie"] = cookies
        connection = HTTPSConnection(self.base_url.host, self.base_url.port, context=self._trust, timeout=PATIENCE)
        return closing(DirectConnection(connection, headers))


class DirectConnection:
    def __init__(self, connection: HTTPSConnection, headers: Mapping[str, str]) -> None:
        self._connection, self._headers = connection, headers
        self._address = f"https://{connection.host}:{connection.port}"

    def seconds(self, address: str, headers: Mapping[str, str]) -> float:
        """Return the seconds from the question to the last byte of the answer. Raises HTTPStatusError for an error."""
        path, sent = httpx.URL(address).raw_path.decode("ascii"), {**self._headers, **headers}
        began = time.perf_counter()
        self._connection.request("GET", path, headers=sent)
        answer = self._connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        httpx.Response(answer.status, request=httpx.Request("GET", self._address + path)).raise_for_status()
        return took

    def close(self) -> None:
        self._connection.close()
