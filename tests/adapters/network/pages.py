"""What web servers of the world answer."""

from typing import Any

Page = dict[str, Any]


def file(content: str = "disk", *, status: str = "200 OK", **headers: str) -> Page:
    """Its whole length is told, unless `headers` tell another; an underscore in a header's name is a dash."""
    told = {"Content-Length": str(len(content)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items() if value), "", content]
    return {"send": "\r\n".join(lines)}


def moved(location: str, status: str = "302 Found", **headers: str) -> Page:
    return file("", status=status, Location=location, **headers)


def for_ever(start: str, piece: str, pause: float = 0.0) -> Page:
    return {"send": start, "then": piece, "pause": pause}
