"""The first start: owners, a subscription, a resource group and a lab account, so that a newcomer can begin at once."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.people.first_password_links import find_by_password_link
from galeria.actions.people.first_start import FIRST_GROUP, create_first_start, is_started
from galeria.adapters.identity.bootstrap_secrets import FILE_NAME, ensure_bootstrap_secrets
from galeria.adapters.identity.files import write_private
from galeria.bootstrap.container import Container
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message

FIRST_ACCOUNT = "labs"
CONNECT_FILE = "connect.json"


@dataclass(frozen=True, kw_only=True)
class Connect:
    """How scripts reach this installation as its first administrator."""

    endpoint: str
    ca_file: str
    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str


def ensure_first_start(parts: Container) -> None:
    """May be repeated; a founded installation is left as it has become since."""
    id = parts.installation.subscription_id
    with parts.database(reading=True) as uow:
        if is_started(uow, id):
            return
    first = ensure_bootstrap_secrets(secrets_folder(parts.data), parts.id_generator)
    home = parts.settings.regions.all[0].name
    with parts.database() as uow:
        create_first_start(uow, parts.secrets, parts.clock, parts.id_generator, id, first, location=home)
        admin = uow.people.find_by_name(first.user_name)
        assert admin is not None
        caller = Caller(principal=admin, assignments=uow.people.assignments(admin.id))
        request = Request(
            uow=uow, clock=parts.clock, id_generator=parts.id_generator, settings=parts.settings, caller=caller
        )
        account = ResourceId(id, FIRST_GROUP).resource("Microsoft.LabServices", "labPlans", FIRST_ACCOUNT)
        put_account(request, account, AccountRequest(location=home, tags={}))
        uow.commit()


def write_connect(parts: Container, endpoint: str) -> None:
    """The address changes with the port that is served on. Nothing is written once the first secrets were taken away."""
    folder = secrets_folder(parts.data)
    if not (folder / FILE_NAME).is_file():
        return
    first = ensure_bootstrap_secrets(folder, parts.id_generator)
    connect = Connect(
        endpoint=endpoint,
        ca_file=str(publish_authority(parts).resolve()),
        tenant_id=parts.installation.tenant_id,
        subscription_id=parts.installation.subscription_id,
        client_id=first.client_id,
        client_secret=first.client_secret,
    )
    write_private(parts.data / CONNECT_FILE, json.dumps(asdict(connect), indent=2).encode() + b"\n")


def find_password_link(parts: Container) -> str:
    """The secret of the first administrator's link while it works: until another password was chosen."""
    folder = secrets_folder(parts.data)
    if not (folder / FILE_NAME).is_file():
        return ""
    first = ensure_bootstrap_secrets(folder, parts.id_generator)
    with parts.database(reading=True) as uow:
        return first.welcome if find_by_password_link(uow, parts.clock, first.welcome) else ""


def publish_authority(parts: Container) -> Path:
    """A copy of the authority's certificate that everybody on this host may read; returns its path."""
    public = parts.data / "ca.pem"
    content = parts.installation.ca.read_bytes()
    if not public.is_file() or public.read_bytes() != content:
        written = public.with_suffix(".new")
        written.write_bytes(content)
        written.chmod(0o644)
        written.replace(public)
    return public


def read_connect(data: Path) -> dict[str, str]:
    """Raises NotFound before the first start."""
    try:
        content: dict[str, str] = json.loads((data / CONNECT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(
            Message("Nothing was ever served from {data}.", data=str(data)),
            hint=Message("Start it first: galeria serve --data {data}.", data=str(data)),
        ) from error
    return content


def secrets_folder(data: Path) -> Path:
    return data / "private"
