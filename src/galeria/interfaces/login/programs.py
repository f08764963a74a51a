"""Programs that people sign in with, and the redirect URIs that are allowed: only on the person's own computer."""

from urllib.parse import urlsplit

from galeria.domain.foreign_text import foreign_text

# Public clients and their fixed ids; the first two are in the sources of azure-cli and Az.Accounts.
PROGRAMS = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
    "aebc6443-996d-45c2-90f0-388ff96faa56": "Visual Studio Code",
    "galeria-cli": "Galeria CLI",
}
LONGEST_SHOWN = 40  # characters of an unknown program's id
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def find_program(client_id: str) -> str | None:
    """Return the name of the program; None for an unknown one, which may still use device codes."""
    return PROGRAMS.get(client_id.lower())


def program_name(client_id: str) -> str:
    """Return what people call the program: its name, or the id that it gave itself."""
    return find_program(client_id) or foreign_text(client_id, longest=LONGEST_SHOWN)


def is_loopback(uri: str) -> bool:
    """Return whether this is a redirect URI of a program on the same computer, on any port (RFC 8252 §7.3)."""
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
    """Return the origin of a loopback URI as a source in a Content-Security-Policy, which cannot express IPv6 addresses."""
    parts = urlsplit(uri)
    return "http:" if parts.hostname == "::1" else f"http://{parts.netloc}"
