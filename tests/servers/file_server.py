"""A web server with one file, that breaks off, moves, changes and misbehaves as a test tells it to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What it serves at every path that is not moved. Change it at any time."""

    content: bytes = b""
    etag: str = '"1"'
    break_after: list[int] = field(default_factory=list)  # bytes after which each next answer breaks off
    moved: dict[str, str] = field(default_factory=dict)  # path → Location
    statuses: list[int] = field(default_factory=list)  # of the next answers, before it serves the file
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)  # (path, Range)
    port: int = 0

    def url(self, path: str = "/os.vhd", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@contextmanager
def serving_file(content: bytes) -> Iterator[FileServer]:
    files = FileServer(content=content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"files": files}))
    server.daemon_threads = True
    files.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    """`files` is set by a class of its own for each server."""

    protocol_version = "HTTP/1.1"
    files: FileServer

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.files.asked.append((self.path, asked))
        self.close_connection = True
        if self.path in self.files.moved:
            self._begin(302, {"Location": self.files.moved[self.path], "Content-Length": "0"})
        elif self.files.statuses:
            self._begin(self.files.statuses.pop(0), {"Content-Length": "0"})
        else:
            self._serve(asked)

    def _serve(self, asked: str) -> None:
        files, start, status = self.files, 0, 200
        headers = {"ETag": files.etag, **files.headers}
        if asked and self.headers.get("If-Range") == files.etag:
            start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
            headers["Content-Range"] = f"bytes {start}-{len(files.content) - 1}/{len(files.content)}"
        data = files.content[start:]
        if files.chunked:
            self._begin(status, {**headers, "Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))
            return
        self._begin(status, {**headers, "Content-Length": str(len(data))})
        self.wfile.write(data[: files.break_after.pop(0)] if files.break_after else data)

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""
