"""The NoCloud seed: a small ISO named cidata that gives a generalized image its identity at the first boot.

The layout follows cloud-init's documentation of the NoCloud data source.
"""

import io
import json
import shlex
from pathlib import Path

import pycdlib

from galeria.ports.machines import FirstBoot


def write_seed(path: Path, first_boot: FirstBoot) -> None:
    """Write the ISO, whole or not at all. It holds the password's hash, so that only root and QEMU's user can read it."""
    unfinished = path.with_name(path.name + ".new")
    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, vol_ident="cidata", joliet=3, rock_ridge="1.09")
    _add(image, "user-data", user_data(first_boot))
    _add(image, "meta-data", meta_data(first_boot))
    unfinished.touch(mode=0o600)
    image.write(str(unfinished))
    image.close()
    unfinished.replace(path)


def meta_data(first_boot: FirstBoot) -> str:
    return f"instance-id: {_quoted(first_boot.instance_id)}\nlocal-hostname: {_quoted(first_boot.host_name)}\n"


def user_data(first_boot: FirstBoot) -> str:
    """Return cloud-init user data: the account with its password hash and keys, full sudo rights, and login by password.

    Where there is a second account, it has no rights.
    """
    lines = [
        "#cloud-config",
        f"hostname: {_quoted(first_boot.host_name)}",
        "ssh_pwauth: true",
        "users:",
        f"  - name: {_quoted(first_boot.user_name)}",
        "    lock_passwd: false",
        "    shell: /bin/sh",
        '    sudo: "ALL=(ALL) ALL"',
        f"    passwd: {_quoted(first_boot.password_hash)}",
    ]
    if first_boot.ssh_keys:
        lines.append("    ssh_authorized_keys:")
        lines.extend(f"      - {_quoted(key)}" for key in first_boot.ssh_keys)
    if first_boot.plain_user:
        lines += [
            f"  - name: {_quoted(first_boot.plain_user)}",
            "    lock_passwd: false",
            "    shell: /bin/sh",
            f"    passwd: {_quoted(first_boot.plain_hash)}",
        ]
    lines += ["runcmd:", f"  - {_quoted(ACCOUNT_LIKE_OTHERS.format(user=shlex.quote(first_boot.user_name)))}"]
    if first_boot.plain_user:
        lines.append(f"  - {_quoted(BASH_WHERE_IT_IS.format(user=shlex.quote(first_boot.plain_user)))}")
    return "\n".join(lines) + "\n"


# Of the shell and the groups it depends on the system which there are. cloud-init runs this once, after it made the account.
ACCOUNT_LIKE_OTHERS = (
    "[ ! -x /bin/bash ] || usermod -s /bin/bash {user}; "
    "for group in sudo wheel admin; do ! grep -q ^$group: /etc/group || usermod -a -G $group {user}; done"
)

BASH_WHERE_IT_IS = "[ ! -x /bin/bash ] || usermod -s /bin/bash {user}"


def _quoted(text: str) -> str:
    """Quote a text for YAML: a JSON string is a YAML string, whatever it holds."""
    return json.dumps(text)


def _add(image: pycdlib.PyCdlib, name: str, text: str) -> None:
    content = text.encode()
    short = "/" + name.replace("-", "").upper() + ".;1"
    image.add_fp(io.BytesIO(content), len(content), short, rr_name=name, joliet_path="/" + name)
