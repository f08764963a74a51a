"""Open S3, Azure Blob Storage or Google Cloud Storage through obstore, with patience for servers that restart or are busy."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.store import AzureStore, ObjectStore, S3Store, from_url

from galeria.domain.regions import BucketAccess

if TYPE_CHECKING:  # obstore has these only for type checkers
    from obstore.store import AzureConfig, ClientConfig, RetryConfig, S3Config

DEFAULT_REGION = "us-east-1"
"""What S3 requests are signed for where neither settings nor environment say it: most servers but Amazon's expect it."""

_YES = ("1", "true", "yes", "on")

_CONNECT = timedelta(seconds=10)
_REQUEST = timedelta(minutes=5)
"""For a whole request: one part of an upload, at 60 kB/s."""

_RETRIES: "RetryConfig" = {
    # A gateway that restarts is away for some ten seconds; obstore's own ten tries are over after two to five (measured).
    "max_retries": 60,
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=4), "base": 2},
    "retry_timeout": timedelta(minutes=1),
}


def open_cloud_store(url: str, access: BucketAccess) -> ObjectStore:
    """Open the bucket or container at `url`. Raises ValueError, OSError and obstore's errors for what cannot be meant."""
    match urlsplit(url).scheme:
        case "s3":
            return S3Store.from_url(
                url, config=_s3(access), client_options=_client(access, "AWS"), retry_config=_RETRIES
            )
        case "az":
            return AzureStore.from_url(
                url, config=_azure(access), client_options=_client(access, "AZURE"), retry_config=_RETRIES
            )
        case _:
            return from_url(url, client_options=_client(access, "GOOGLE"), retry_config=_RETRIES)


def _s3(access: BucketAccess) -> "S3Config":
    config: S3Config = {"default_region": DEFAULT_REGION}
    if access.endpoint:
        config["endpoint"] = access.endpoint
    if access.signing_region:
        config["region"] = access.signing_region
    if access.account:
        config |= {"access_key_id": access.account, "secret_access_key": access.secret}
    return config


def _azure(access: BucketAccess) -> "AzureConfig":
    config: AzureConfig = {}
    if access.endpoint:
        config["endpoint"] = access.endpoint
    if access.account:
        config |= {"account_name": access.account, "account_key": access.secret}
    return config


def _client(access: BucketAccess, prefix: str) -> "ClientConfig":
    """Return how the server is talked to. obstore reads no such variable of the environment once it is told anything."""
    options: ClientConfig = {"connect_timeout": _CONNECT, "timeout": _REQUEST}
    if access.allow_http or os.environ.get(f"{prefix}_ALLOW_HTTP", "").lower() in _YES:
        options["allow_http"] = True
    if proxy := os.environ.get(f"{prefix}_PROXY_URL"):
        options["proxy_url"] = proxy
    if access.authority:
        options["root_certificate"] = Path(access.authority).read_bytes()
    return options
