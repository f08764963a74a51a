"""One project of an OpenStack cloud: requests to its services, and their failures in words.

What is asked stands in clouds.yaml, as all tools of OpenStack read it. openstacksdk signs in, finds the services and renews the
token.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from keystoneauth1 import exceptions as auth
from openstack import exceptions as sdk
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack.exceptions import raise_from_response

from galeria.domain.errors import GaleriaError, MachineFailed, NotFound
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.domain.regions import CloudAccess

COMPUTE = "2.53"  # of Pike: a snapshot's id is answered since 2.45, and networks must be chosen since 2.37
ANSWER_SECONDS = 30.0
NO_ANSWER = "CloudDoesNotAnswer"
"""The code of a MachineFailed after which the same may be asked again."""
LONGEST_REASON = 300  # characters of what a service says


class CredentialsRefused(MachineFailed):
    """The cloud does not accept the credentials, or not any more."""


class CloudConflict(MachineFailed):
    """Something is in use, or is there already."""


class Cloud:
    """A project, through one connection that all threads share and that is opened at the first request."""

    def __init__(self, access: CloudAccess) -> None:
        self.access = access
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def close(self) -> None:
        """Give the connections to the cloud's services back, which answer only so many; the next request opens new ones."""
        with self._lock:
            before, self._connection = self._connection, None
        if before is not None:
            before.session.session.close()

    def compute(self, method: str, path: str, **options: Any) -> Any:
        """Ask Nova and return what its answer holds, None for nothing. Raises MachineFailed, and NotFound."""
        return self._ask("compute", method, path, microversion=COMPUTE, **options)

    def image(self, method: str, path: str, **options: Any) -> Any:
        """Ask Glance and return what its answer holds, None for nothing. Raises MachineFailed, and NotFound."""
        return self._ask("image", method, path, **options)

    def network(self, method: str, path: str, **options: Any) -> Any:
        """Ask Neutron and return what its answer holds, None for nothing. Raises MachineFailed, and NotFound."""
        return self._ask("network", method, path, **options)

    @contextmanager
    def streamed(self, path: str) -> Iterator[Any]:
        """Yield Glance's answer, whose content comes piece by piece. Raises MachineFailed, and NotFound."""
        with self._translated():
            response = self._open().image.get(path, stream=True, raise_exc=False)
            raise_from_response(response)
            try:
                yield response
            finally:
                response.close()

    def get_network(self) -> Mapping[str, Any]:
        """Return what Neutron says of the machines' network. Raises MachineFailed where there is none of that name."""
        found = self.network("GET", "/networks", params={"name": self.access.network})["networks"]
        if not found:
            raise MachineFailed(
                Message(
                    "The cloud '{cloud}' has no network '{name}'.", cloud=self.access.name, name=self.access.network
                ),
                hint=Message("Write the name of one under 'network' in the region's settings."),
            )
        return dict(found[0])

    def network_id(self) -> str:
        """Return the id of the machines' network. Raises MachineFailed where there is none of that name."""
        return str(self.get_network()["id"])

    def _ask(self, service: str, method: str, path: str, **options: Any) -> Any:
        with self._translated():
            client = getattr(self._open(), service)
            response = client.request(path, method, raise_exc=False, **{"timeout": ANSWER_SECONDS, **options})
            raise_from_response(response)
            return response.json() if response.content else None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """As `translated`. After credentials that are not accepted, clouds.yaml is read anew."""
        try:
            with translated(self.access.name):
                yield
        except CredentialsRefused:
            self.close()
            raise

    def _open(self) -> Connection:
        with self._lock:
            if self._connection is None:
                files = [self.access.file] if self.access.file else None
                # For signing in and for each piece of what is streamed, where clouds.yaml says nothing else.
                deadlines = {"api_timeout": ANSWER_SECONDS}
                loader = OpenStackConfig(config_files=files, load_envvars=False, override_defaults=deadlines)
                self._connection = Connection(config=loader.get_one(cloud=self.access.name), app_name="galeria")
            return self._connection


@contextmanager
def translated(cloud: str) -> Iterator[None]:
    """Turn what openstacksdk raises into errors that say what to do. Raises MachineFailed, and NotFound."""
    try:
        yield
    except GaleriaError:
        raise
    except sdk.NotFoundException as error:
        raise NotFound(
            Message("The cloud '{cloud}' has no such thing: {reason}.", cloud=cloud, reason=_reason(error)),
            hint=Message("Reload the page; somebody may have removed it in the cloud."),
        ) from error
    except (sdk.SDKException, auth.ClientException, OSError) as error:
        raise _failure(cloud, error) from error


def _failure(cloud: str, error: Exception) -> MachineFailed:
    reason = _reason(error)
    # Only signing in raises keystoneauth's own; Keystone answers 404 for an application credential that it does not know.
    if isinstance(error, auth.HTTPClientError) or (isinstance(error, sdk.HttpException) and error.status_code == 401):
        return CredentialsRefused(
            Message("The cloud '{cloud}' does not accept the credentials: {reason}.", cloud=cloud, reason=reason),
            hint=Message("Make a new application credential there and write it into clouds.yaml; it may have expired."),
        )
    # Nova and Glance say 403 for it, Neutron 409.
    if isinstance(error, sdk.ForbiddenException | sdk.ConflictException) and "quota" in reason.lower():
        return MachineFailed(
            Message("The project's quota in the cloud '{cloud}' is used up: {reason}.", cloud=cloud, reason=reason),
            hint=Message("Delete machines that nobody needs, or ask the cloud's administrators for more."),
            code="QuotaExceeded",
        )
    if isinstance(error, sdk.ForbiddenException):
        return MachineFailed(
            Message("The cloud '{cloud}' does not allow this: {reason}.", cloud=cloud, reason=reason),
            hint=Message("Give the person of the application credential the role 'member' in the project."),
        )
    if isinstance(error, sdk.ConfigException):
        return MachineFailed(
            Message("The settings of the cloud '{cloud}' cannot be used: {reason}.", cloud=cloud, reason=reason),
            hint=Message("Look into clouds.yaml; 'galeria doctor' checks it."),
        )
    if isinstance(error, sdk.HttpException) and 400 <= (error.status_code or 0) < 500:
        kind = CloudConflict if isinstance(error, sdk.ConflictException) else MachineFailed
        return kind(
            Message("The cloud '{cloud}' refuses this: {reason}.", cloud=cloud, reason=reason),
            hint=Message("Try again; when it is refused again, its administrators know why."),
        )
    return MachineFailed(
        Message("The cloud '{cloud}' does not answer: {reason}.", cloud=cloud, reason=reason),
        hint=Message("Try again in a moment; 'galeria doctor' says which of its services is away."),
        code=NO_ANSWER,
    )


def _reason(error: Exception) -> str:
    said = getattr(error, "details", None) or str(error)
    return foreign_text(str(said).split("\n")[0].rstrip(". "), longest=LONGEST_REASON)


def listed(ask: Callable[..., Any], path: str, key: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the entries of a list that comes in pages, each asked for behind the last one; `ask` is a service of a Cloud."""
    page = ask("GET", path, params=dict(params))
    while page[key]:
        yield from page[key]
        if not (page.get("next") or page.get(f"{key}_links")):  # Glance's, Nova's
            return
        page = ask("GET", path, params={**params, "marker": page[key][-1]["id"]})
