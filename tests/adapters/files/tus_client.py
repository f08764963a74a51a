"""What a tus client sends, over real HTTP, one request at a time."""

import base64
import random
import socket
from pathlib import Path

import httpx

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
DATA = random.Random(5).randbytes(3 << 20)


def created(client: httpx.Client, length: int, name: str = "disk.vhd") -> str:
    metadata = "filename " + base64.b64encode(name.encode()).decode()
    answer = client.post("", headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def sent(client: httpx.Client, place: str, offset: int, data: bytes, **more: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return client.patch(on(client, place), headers={**PIECE, "Upload-Offset": str(offset), **named}, content=data)


def on(client: httpx.Client, place: str) -> httpx.URL:
    return client.base_url.join(place)


def offset_of(client: httpx.Client, place: str) -> int:
    answer = client.head(on(client, place), headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def stored(folder: Path, place: str) -> bytes:
    return (folder / place.rsplit("/")[-1] / "file").read_bytes()


def error_code(answer: httpx.Response) -> str:
    assert answer.headers["tus-resumable"] == "1.0.0"
    error = answer.json()["error"]
    assert error["message"]
    assert error["hint"]
    return str(error["code"])


def open_patch(
    place: str, address: str, offset: int, announced: int, *, who: str = "ana", kind: str = PIECE["Content-Type"]
) -> socket.socket:
    """A PATCH whose head is sent; its body is the caller's."""
    url = httpx.URL(address)
    line = socket.create_connection((url.host, url.port or 80), timeout=20)
    headers = {
        **TUS,
        "Content-Type": kind,
        "Host": "x",
        "Authorization": f"Bearer {who}",
        "Upload-Offset": offset,
        "Content-Length": announced,
    }
    head = f"PATCH {place} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    line.sendall(head.encode() + b"\r\n")
    return line
