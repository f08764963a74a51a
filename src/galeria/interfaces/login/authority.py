"""The URLs that sign-in happens at. Clients keep them on disk for a day, so they never change."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

# msal treats an authority under this path as one that its user knows, and asks nobody on the internet about it.
# Source: reference/gallery-and-arm.md §0 (1).
LOGIN_PATH = "/adfs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """`endpoint` is the service's own URL without a slash at the end, such as https://lab.example.org:8443."""

    endpoint: str
    tenant_id: str  # a GUID
    name: str = "Galeria"  # of the cloud, as `az cloud list` shows it

    @property
    def login_endpoint(self) -> str:
        return self.endpoint + LOGIN_PATH

    @property
    def issuer(self) -> str:
        return f"{self.endpoint}/{self.tenant_id}/v2.0"

    @property
    def token_endpoint(self) -> str:
        return f"{self.login_endpoint}/oauth2/token"

    @property
    def authorization_endpoint(self) -> str:
        return f"{self.login_endpoint}/oauth2/authorize"

    @property
    def device_endpoint(self) -> str:
        return f"{self.login_endpoint}/oauth2/devicecode"

    @property
    def device_page(self) -> str:
        """What people open to type the code that a program shows them."""
        return f"{self.login_endpoint}/device"

    @property
    def identity_endpoint(self) -> str:
        return f"{self.endpoint}/msi/token"

    @property
    def keys_endpoint(self) -> str:
        return f"{self.login_endpoint}/discovery/keys"

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    def is_tenant(self, text: str) -> bool:
        """Whether this is our tenant: its GUID, or any name; only a GUID can belong to somebody else.

        A name is what people type after `az login --tenant`; az then takes the GUID from the issuer.
        """
        try:
            return str(UUID(text)) == self.tenant_id
        except ValueError:
            return True

    def is_audience(self, text: str) -> bool:
        """Whether a token for this audience is one for this service; there is no other."""
        return text.rstrip("/").casefold() == self.endpoint.casefold()

    def other_tenant(self, text: str) -> str:
        return f"Tenant '{text}' is not known here. The tenant of this service is '{self.tenant_id}'."
