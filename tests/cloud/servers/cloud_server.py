"""A cloud's object store that runs here: where it is, and how a bucket of it is made."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from galeria.domain.regions import BucketAccess


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudServer:
    name: str
    scheme: str  # s3 or az
    access: BucketAccess
    make_bucket: Callable[[str], None]
    restart: Callable[[], None]  # ends what clients talk to, and starts it again before it returns

    def url(self, bucket: str, prefix: str = "") -> str:
        return f"{self.scheme}://{bucket}/{prefix}".rstrip("/")

    def by_way_of(self, endpoint: str) -> BucketAccess:
        """How it is reached through another address, such as that of a proxy."""
        if self.scheme == "az":  # the account is the first part of the path
            endpoint = f"{endpoint}/{self.access.account}"
        return replace(self.access, endpoint=endpoint)
