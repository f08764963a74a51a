"""Finds the accounts of a disk that somebody can sign in to, and its SSH server. Password hashes and keys go no further.

The files are those of passwd(5), shadow(5), group(5), sshd_config(5) and the section AUTHORIZED_KEYS FILE FORMAT of sshd(8).
"""

from galeria.adapters.inspection.answers import Answer
from galeria.domain.images.findings import MOST, FoundAccount, SshServer, found_name

_CLOSED_SHELLS = ("nologin", "false")
_ADMINISTRATORS = {"root", "sudo", "wheel", "admin"}
_DES_LENGTH = 13  # characters of the oldest kind of password hash
_HOST_KEYS = ("etc/ssh/ssh_host_", "etc/dropbear/dropbear_")


def accounts(answer: Answer) -> tuple[FoundAccount, ...]:
    """Return the accounts with a usable password or key, in the order of the passwd file."""
    hashes = {fields[0]: fields[1] for fields in _rows(answer, "etc/shadow", 2)}
    administrators = _administrators(answer)
    found = []
    for name, password, user, group, _, home, shell in (row[:7] for row in _rows(answer, "etc/passwd", 7)):
        if shell.rsplit("/", 1)[-1] in _CLOSED_SHELLS:
            continue
        has_password = _is_usable(hashes.get(name, "*") if password == "x" else password)
        keys = _keys(answer.lines(f"{home.strip('/')}/.ssh/authorized_keys"))
        if has_password or keys:
            is_administrator = user == "0" or name in administrators or group in administrators
            found.append(
                FoundAccount(
                    name=found_name(name), has_password=has_password, keys=keys, is_administrator=is_administrator
                )
            )
    return tuple(found[:MOST])


def ssh_server(answer: Answer, present: set[str]) -> SshServer | None:
    """Return the SSH server; `present` names files that the disk has."""
    has_host_keys = any(path.startswith(_HOST_KEYS) and path.endswith("_key") for path in present)
    if present & {"usr/sbin/sshd", "usr/bin/sshd"}:
        allowed = _first_setting(answer, "passwordauthentication")
        known = {"yes": True, "no": False}.get(allowed)
        return SshServer(name="openssh", has_host_keys=has_host_keys, allows_passwords=known)
    if "usr/sbin/dropbear" in present:
        return SshServer(name="dropbear", has_host_keys=has_host_keys)
    return None


def _rows(answer: Answer, name: str, least: int) -> list[list[str]]:
    rows = (line.split(":") for line in answer.lines(name))
    return [row for row in rows if len(row) >= least and row[0]]


def _administrators(answer: Answer) -> set[str]:
    """The names of the members of groups that may become root, and the numbers of these groups."""
    found: set[str] = set()
    for name, _, number, members in (row[:4] for row in _rows(answer, "etc/group", 4)):
        if name in _ADMINISTRATORS:
            found |= {number, *members.strip().split(",")}
    return found


def _is_usable(hashed: str) -> bool:
    """Whether a password opens the account; an empty field means that none is asked for."""
    return hashed == "" or hashed.startswith(("$", "_")) or (len(hashed) == _DES_LENGTH and hashed[0] not in "!*")


def _keys(lines: list[str]) -> int:
    """The number of keys. Those that may only run one command, as cloud-init leaves them with root, open nothing."""
    stripped = (line.strip() for line in lines)
    return sum(1 for line in stripped if line and not line.startswith("#") and 'command="' not in line)


def _first_setting(answer: Answer, wanted: str) -> str:
    """The value of a setting of sshd: the first one counts, and the files of sshd_config.d are read before the rest."""
    for file in (*answer.below("etc/ssh/sshd_config.d"), "etc/ssh/sshd_config"):
        for line in answer.lines(file):
            words = line.replace("=", " ").split()
            if words and words[0].lower() == "match":
                break
            if len(words) > 1 and words[0].lower() == wanted:
                return words[1].lower()
    return ""
