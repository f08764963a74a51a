"""A small HTTP proxy before a server, as nginx stands before Galeria: it limits bodies, and counts what passes."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from galeria.adapters.identity.certificates import new_authority, new_server_certificate

_OF_THE_LINE = {"connection", "transfer-encoding", "keep-alive", "date", "server", "content-length"}


def own_tls(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a new certificate of an authority that nobody knows; its file is in `folder`."""
    now, ca_key, key = datetime.now(UTC), generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    authority = new_authority(ca_key, "Test", now)
    certificate = new_server_certificate(key, ["127.0.0.1"], authority=authority, authority_key=ca_key, now=now)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "proxy.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class SmallProxy:
    """`most` is the largest body that passes; `is_rude` closes the line on larger ones, without an answer.

    `bodies` are the lengths of those that passed, `refused` of those that did not.
    """

    def __init__(self, *, most: int = 1 << 60, is_rude: bool = False) -> None:
        self.most, self.is_rude = most, is_rude
        self.bodies: list[int] = []
        self.refused: list[int] = []
        self.address = ""


@contextmanager
def proxied(address: str, proxy: SmallProxy, *, tls: ssl.SSLContext | None = None) -> Iterator[SmallProxy]:
    """Serve the proxy before the server at `address`, whose paths stay the same; with `tls` it has https itself."""
    upstream = urlsplit(address)

    class Handler(_Handler):
        pass

    Handler.proxy, Handler.host, Handler.port = proxy, upstream.hostname or "", upstream.port or 80
    Handler.is_secure = upstream.scheme == "https"
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        proxy.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: SmallProxy
    host: str
    port: int
    is_secure: bool

    def _pass(self) -> None:
        length = int(self.headers.get("content-length", 0))
        if length > self.proxy.most:
            self._refuse(length)
            return
        body = self.rfile.read(length)
        if len(body) < length:  # the sender went away
            self.close_connection = True
            return
        if self.command == "PATCH":
            self.proxy.bodies.append(length)
        answer, content = self._asked(body)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_LINE:
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _asked(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        """The server's answer; that of HEAD has no body."""
        line = http.client.HTTPConnection(self.host, self.port, timeout=30)
        if self.is_secure:  # a proxy trusts the server that it was given
            trusting = ssl._create_unverified_context()
            line = http.client.HTTPSConnection(self.host, self.port, timeout=30, context=trusting)
        try:
            line.request(self.command, self.path, body, dict(self.headers))
            answer = line.getresponse()
            return answer, answer.read()
        finally:
            line.close()

    def _refuse(self, length: int) -> None:
        """Answer before the body is there, as nginx does, and let the sender hear it before the line is closed."""
        self.proxy.refused.append(length)
        self.close_connection = True
        if not self.proxy.is_rude:
            page = b"<html><h1>413 Request Entity Too Large</h1></html>"
            self.send_response(413)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(page)
            self.connection.shutdown(socket.SHUT_WR)
            while length > 0 and (piece := self.rfile.read(min(length, 1 << 20))):
                length -= len(piece)

    do_GET = do_POST = do_PATCH = do_HEAD = do_DELETE = do_OPTIONS = _pass

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is its own."""
