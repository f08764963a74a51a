"""Web servers on every address of a namespace, that say what a test tells them to, byte by byte."""

import json
import socket
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

PLAIN, SECURE = (22, 80, 8080), (443,)
CANARY = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary"
"""What is answered where a test has told nothing: whoever comes there gets something."""


def tell(what: Any) -> None:
    """Tell it, as one line of JSON, to whoever started this program."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Web:
    """`pages`: by host and path, what is answered first, second, and so on; the last stays.

    An answer is {"send": text} and, where it goes on for ever, {"then": text, "pause": seconds}, all in Latin-1.
    """

    def __init__(self, certificate: Path | None = None, key: Path | None = None) -> None:
        self.pages: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[dict[str, str]] = []
        self._context = None
        if certificate and key:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate, key)
        for port in (*PLAIN, *SECURE):
            listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
            threading.Thread(target=self._listen, args=(listener, port), daemon=True).start()

    def teach(self, pages: dict[str, list[dict[str, Any]]]) -> None:
        self.pages, self.asked = {place: list(answers) for place, answers in pages.items()}, []

    def _listen(self, listener: socket.socket, port: int) -> None:
        while True:
            line, _ = listener.accept()
            threading.Thread(target=self._serve, args=(line, port), daemon=True).start()

    def _serve(self, line: socket.socket, port: int) -> None:
        at = f"{line.getsockname()[0].removeprefix('::ffff:')}:{port}"
        try:
            if port in SECURE and self._context:
                line = self._context.wrap_socket(line, server_side=True)
            with line:
                self._answer(line, at)
        except OSError:
            line.close()  # they hung up

    def _answer(self, line: socket.socket, at: str) -> None:
        with line.makefile("rb") as incoming:
            text = ""
            while (row := incoming.readline()) not in (b"\r\n", b""):
                text += row.decode("latin-1")
            headers = dict(each.split(": ", 1) for each in text.split("\r\n")[1:] if ": " in each)
            incoming.read(int(headers.get("Content-Length", 0)))  # or the connection would be reset
        if not text:
            return
        self.asked.append({"at": at, "head": text})
        answers = self.pages.get(headers.get("Host", "") + text.split(" ")[1], [{"send": CANARY}])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        line.sendall(answer["send"].encode("latin-1"))
        while "then" in answer:
            line.sendall(answer["then"].encode("latin-1"))
            time.sleep(answer.get("pause", 0))
