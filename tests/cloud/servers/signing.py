"""Sign the one request that obstore has no call for: the one that makes a bucket or a container."""

import base64
import hashlib
import hmac
import urllib.request
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import quote, urlsplit

from galeria.domain.regions import BucketAccess

_EMPTY = hashlib.sha256(b"").hexdigest()
_AZURE_VERSION = "2021-08-06"


def make_s3_bucket(access: BucketAccess, bucket: str) -> None:
    """PUT /bucket with AWS Signature Version 4."""
    host, path = urlsplit(access.endpoint).netloc, f"/{quote(bucket)}"
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    day, region = stamp[:8], access.signing_region or "us-east-1"
    headers = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    names = ";".join(headers)
    request = "\n".join(["PUT", path, "", *(f"{name}:{text}" for name, text in headers.items()), "", names, _EMPTY])
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{access.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={access.account}/{scope}, SignedHeaders={names}, Signature={signature}"
    _put(access.endpoint + path, {**headers, "authorization": f"AWS4-HMAC-SHA256 {credential}"})


def make_azure_container(access: BucketAccess, container: str) -> None:
    """PUT /account/container?restype=container with a Shared Key."""
    url = f"{access.endpoint}/{container}"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _AZURE_VERSION}
    resource = f"/{access.account}{urlsplit(url).path}\nrestype:container"
    said = [f"{name}:{text}" for name, text in headers.items()]
    text = "\n".join(["PUT", *[""] * 11, *said, resource])
    signature = base64.b64encode(hmac.digest(base64.b64decode(access.secret), text.encode(), "sha256")).decode()
    headers["authorization"] = f"SharedKey {access.account}:{signature}"
    _put(f"{url}?restype=container", {**headers, "content-length": "0"})


def _put(url: str, headers: dict[str, str]) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers)) as answer:
        assert answer.status in (200, 201)
