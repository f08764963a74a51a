"""Programs that people sign in with, and where a browser may take a code to: only back to the person's own computer."""

from urllib.parse import urlsplit

# Public clients, by the ids that they have everywhere; the first two are in the sources of azure-cli and Az.Accounts.
PROGRAMS = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
    "aebc6443-996d-45c2-90f0-388ff96faa56": "Visual Studio Code",
    "galeria-cli": "Galeria CLI",
}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def find_program(client_id: str) -> str | None:
    """Its name; None for one that is not known, which may still sign people in with a device code."""
    return PROGRAMS.get(client_id.lower())


def is_loopback(uri: str) -> bool:
    """Whether this is a redirect URI of a program on the same computer, on any port. Source: RFC 8252 §7.3."""
    if not uri.isascii() or not uri.isprintable() or set(uri) & {" ", "\\", "#"}:
        return False
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.scheme == "http" and "@" not in parts.netloc and port != 0
    return is_plain and parts.hostname in LOOPBACK


def form_target(uri: str) -> str:
    """A loopback URI's origin as a source of a Content-Security-Policy, which has no way to write IPv6 addresses."""
    parts = urlsplit(uri)
    return "http:" if parts.hostname == "::1" else f"http://{parts.netloc}"
