"""The URLs of sign-in. Clients cache them on disk for a day, so that they never change."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

# msal trusts an authority under this path without asking a service on the internet about it: it takes it for an ADFS
# server (see the handling of "adfs" in msal's authority.py).
LOGIN_PATH = "/adfs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """The URLs of sign-in.

    `endpoint` is the service's own URL without a slash at the end, such as https://lab.example.org:8443.
    """

    endpoint: str
    tenant_id: str  # a GUID
    name: str = "Galeria"  # the name of the cloud in `az cloud list`

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
        """The page where people type the code that a program shows."""
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
        """Return whether this is our tenant: its GUID, or any name, because only a GUID can belong to another tenant.

        A name is what people type after `az login --tenant`; az then takes the GUID from the issuer.
        """
        try:
            return str(UUID(text)) == self.tenant_id
        except ValueError:
            return True

    def is_audience(self, text: str) -> bool:
        """Return whether a token for this audience is for this service, which is the only one."""
        return text.rstrip("/").casefold() == self.endpoint.casefold()

    def other_tenant(self, text: str) -> str:
        return f"Tenant '{text}' is not known here. The tenant of this service is '{self.tenant_id}'."
