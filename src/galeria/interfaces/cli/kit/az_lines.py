"""The shell lines that connect an unmodified Azure CLI, and the file of certificate authorities that it reads."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from galeria.domain.errors import Invalid, Unavailable
from galeria.domain.messages import Message

BUNDLE = "az-ca-bundle.pem"
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")  # Debian, Ubuntu, Alpine, Arch
VARIABLE = "REQUESTS_CA_BUNDLE"


def write_bundle(ca_file: Path, data: Path, environment: Mapping[str, str], system: Path = SYSTEM_BUNDLE) -> Path:
    """Write the authorities that were trusted before and our own to DATA/az-ca-bundle.pem, and return its whole path.

    May be repeated. az reads the file that REQUESTS_CA_BUNDLE names instead of its own, so that the bundle begins with that
    file where it is set, and with the system's where it is not. Raises Invalid where that is no file, Unavailable where the
    bundle cannot be written.
    """
    ours = _read(ca_file, Message("Start the server once: it writes {ca_file}.", ca_file=str(ca_file))).strip() + "\n"
    target = (data / BUNDLE).resolve()
    others = _others(environment.get(VARIABLE, ""), target, system)
    # Our authority is at the end once, however often this runs.
    text = others.replace(ours, "").rstrip("\n") + "\n" + ours
    written = target.with_suffix(".new")
    try:
        written.write_text(text.lstrip("\n"), encoding="utf-8")
        written.chmod(0o644)
        written.replace(target)
    except OSError as error:
        raise Unavailable(
            Message("'{target}' cannot be written: {reason}.", target=str(target), reason=str(error.strerror)),
            hint=Message("Run this as the account that runs Galeria."),
        ) from error
    return target


def az_lines(found: Mapping[str, str], data: Path, bundle: Path) -> str:
    """Return lines for a shell. az reads the secret from its input, so that neither the lines nor the process list show it."""
    secret = f"galeria connect --data {shlex.quote(str(data))} --field client_secret"
    return f"""\
# Your other clouds and sign-ins stay as they are if az keeps those of Galeria in a folder of its own:
# export AZURE_CONFIG_DIR="$HOME/.azure-galeria"
# az must trust this installation's authority. This file holds it besides those that were trusted before.
export {VARIABLE}={shlex.quote(str(bundle))}
az cloud register -n Galeria --endpoint-resource-manager {found["endpoint"]}
az cloud set -n Galeria
{secret} | az login --service-principal -u {found["client_id"]} -p @- --tenant {found["tenant_id"]}
az account set -s {found["subscription_id"]}
# People sign in with:  az login -u NAME   or   az login --use-device-code
"""


def _others(named: str, target: Path, system: Path) -> str:
    # Where these lines were run before, the variable names the file that is written here, which is read like any other.
    was_removed = bool(named) and Path(named).resolve() == target and not target.is_file()
    if not named or was_removed:
        return system.read_text(encoding="utf-8") if system.is_file() else ""
    return _read(
        Path(named),
        Message("Set {variable} to a file with certificates (az takes no folder), or unset it.", variable=VARIABLE),
    )


def _read(path: Path, hint: Message) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(Message("'{path}' is not a file with certificates in it.", path=str(path)), hint=hint) from error
