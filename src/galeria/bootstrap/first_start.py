"""The first start of an installation: an administrator, a subscription, a resource group and a lab account."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from galeria.actions.core.caller import Caller
from galeria.actions.core.request import with_caller
from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.people.first_password_links import find_by_password_link
from galeria.actions.people.first_start import FIRST_GROUP, create_first_start, is_started
from galeria.adapters.identity.bootstrap_secrets import FILE_NAME, ensure_bootstrap_secrets, forget_first_password
from galeria.adapters.identity.files import write_private
from galeria.adapters.reach.certificate_files import trusted_by_clients
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
    client_secret: str = field(repr=False)
    password_link: str = field(
        default="", repr=False
    )  # with which the administrator chooses a password; empty: it was used


def ensure_first_start(container: Container) -> None:
    """Create what an empty installation starts with.

    May be repeated; an installation that has started before is left as it is.
    """
    id = container.installation.subscription_id
    with container.requests.anonymous_reading() as request:
        if is_started(request, id):
            return
    first = ensure_bootstrap_secrets(secrets_folder(container.data), container.id_generator)
    home = container.settings.regions.all[0].name
    with container.requests.anonymous_writing() as request:
        if is_started(request, id):  # by another server, at this moment
            return
        create_first_start(request, id, first, container.secrets, location=home)
        people = request.uow.people
        admin = people.find_by_name(first.user_name)
        assert admin is not None
        caller = Caller(principal=admin, assignments=people.assignments(admin.id))
        account = ResourceId(id, FIRST_GROUP).resource("Microsoft.LabServices", "labPlans", FIRST_ACCOUNT)
        put_account(with_caller(request, caller), account, AccountRequest(location=home, tags={}))


def write_connect(container: Container, endpoint: str) -> None:
    """Write connect.json with the address that is served now. Nothing is written once the first secrets were removed."""
    folder = secrets_folder(container.data)
    if not (folder / FILE_NAME).is_file():
        return
    first, link = ensure_bootstrap_secrets(folder, container.id_generator), find_password_link(container, endpoint)
    if not link:
        forget_first_password(folder)
    connect = Connect(
        endpoint=endpoint,
        ca_file=str(publish_authority(container).resolve()),
        tenant_id=container.installation.tenant_id,
        subscription_id=container.installation.subscription_id,
        client_id=first.client_id,
        client_secret=first.client_secret,
        password_link=link,
    )
    said = {name: value for name, value in asdict(connect).items() if value}
    write_private(container.data / CONNECT_FILE, json.dumps(said, indent=2).encode() + b"\n")


def find_password_link(container: Container, endpoint: str) -> str:
    """Return the first administrator's link while it works, and the empty text once a password was chosen."""
    folder = secrets_folder(container.data)
    if not (folder / FILE_NAME).is_file():
        return ""
    first = ensure_bootstrap_secrets(folder, container.id_generator)
    with container.requests.anonymous_reading() as request:
        works = find_by_password_link(request, first.welcome)
    return f"{endpoint}/welcome/{first.welcome}" if works else ""


def publish_authority(container: Container) -> Path:
    """Copy what clients must trust to where everybody on this host may read it; return its path.

    That is the certificate of the installation's authority, and what stands behind a certificate of the administrator's own.
    """
    public = container.data / "ca.pem"
    content = container.installation.ca.read_bytes()
    if container.settings.server.certificate:
        content += trusted_by_clients(Path(container.settings.server.certificate))
    if not public.is_file() or public.read_bytes() != content:
        written = public.with_suffix(".new")
        written.write_bytes(content)
        written.chmod(0o644)
        written.replace(public)
    return public


def read_connect(data: Path) -> dict[str, str]:
    """Read connect.json. Raises NotFound before the first start."""
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
