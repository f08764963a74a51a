"""The SDKs of today, and beside them azure-identity and azure-storage-blob by themselves."""

import os
import time
from typing import Any

from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobClient

from tests.clients.drivers.sdk import MAKERS, main

PAGES = 1024 * 1024  # bytes in one request


class Identity:
    """azure-identity by itself."""

    def __init__(self, _connect: dict[str, Any]) -> None:
        self.credentials = self

    def token(self, scope: str, **options: Any) -> dict[str, Any]:
        """A token of a service principal, and for how many seconds it is good."""
        got = ClientSecretCredential(**options).get_token(scope)
        return {"token": got.token, "seconds": got.expires_on - int(time.time())}


class Blobs:
    """Page blobs behind addresses that hold their own permission, as azcopy and Azure's guides fill disks."""

    def __init__(self, _connect: dict[str, Any]) -> None:
        self.blobs = self

    def fill(self, address: str, file: str) -> int:
        """Page after page, those that are all zero left out as azcopy does; returns how many bytes were sent."""
        sent = 0
        with BlobClient.from_blob_url(address) as blob, open(file, "rb") as source:
            for offset in range(0, os.path.getsize(file), PAGES):
                content = source.read(PAGES)
                if any(content):
                    blob.upload_page(content, offset, len(content))
                    sent += len(content)
        return sent

    def read(self, address: str, file: str) -> int:
        """The whole blob into a file; returns its size."""
        with BlobClient.from_blob_url(address) as blob, open(file, "wb") as target:
            return int(blob.download_blob().readinto(target))


if __name__ == "__main__":
    main({**MAKERS, "blobs": Blobs, "identity": Identity})
