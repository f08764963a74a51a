"""A small application behind a real HTTP server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette


@contextmanager
def serving(app: Starlette, *, certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Gives its address until the block ends: http://127.0.0.1:PORT, or https://localhost:PORT with the files of a
    certificate for it and of its key."""
    chain, key = certificate or (None, None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="off", ws="none", ssl_certfile=chain, ssl_keyfile=key)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            scheme, host = ("https", "localhost") if certificate else ("http", "127.0.0.1")
            yield f"{scheme}://{host}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
