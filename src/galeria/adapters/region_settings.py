"""The parts `[[regions]]` of the settings file: where each region keeps its images and runs its machines."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from galeria.adapters.settings_values import flag_of, path_of, require_only, secret_of, text_of, texts_of
from galeria.domain.ids import location_name
from galeria.domain.regions import BucketAccess, CloudAccess, Region

_TEXTS = ("name", "display_name", "geography", "bucket_url")
_CLOUD = ("engine", "cloud", "network", "clouds_file")
_HOSTS = "reached_from"
_SCHEMES = ("http", "https")
LIBVIRT, OPENSTACK = "libvirt", "openstack"


def read_region(table: Mapping[str, Any], data: Path) -> Region:
    """Read one region. Raises ValueError with the fault in it, and OSError for a file that cannot be read."""
    require_only(table, {*_TEXTS, *_CLOUD, _HOSTS, "store"})
    for name in _TEXTS[:3]:
        if not text_of(table, name):
            raise ValueError(f"a region lacks '{name}'")
    return Region(
        name=location_name(text_of(table, "name")),
        display_name=text_of(table, "display_name"),
        geography=text_of(table, "geography"),
        bucket_url=text_of(table, "bucket_url"),
        store=_access(table.get("store", {}), data, text_of(table, "bucket_url")),
        cloud=_cloud(table, data),
    )


def require_known_hosts(regions: Iterable[Region], *, is_shared: bool) -> None:
    """Raise ValueError where several hosts may serve a region in a cloud, whose machines let in one that finds itself."""
    for region in regions:
        if is_shared and region.cloud and not region.cloud.reached_from:
            raise ValueError(
                f"a shared database needs '{_HOSTS}' in region '{region.name}': the addresses at which its machines see "
                "the computers that servers and workers run on"
            )


def _cloud(table: Mapping[str, Any], data: Path) -> CloudAccess | None:
    engine = text_of(table, "engine") or LIBVIRT
    cloud, network, file = (text_of(table, name) for name in _CLOUD[1:])
    if engine not in (LIBVIRT, OPENSTACK):
        raise ValueError(f"'engine' is '{LIBVIRT}' or '{OPENSTACK}'")
    if engine == LIBVIRT:
        if cloud or network or file or _HOSTS in table:
            raise ValueError(f"'cloud', 'network', 'clouds_file' and '{_HOSTS}' belong to engine = '{OPENSTACK}'")
        return None
    if not cloud or not network:
        raise ValueError(
            f"engine = '{OPENSTACK}' needs 'cloud', its name in clouds.yaml, and 'network', that of its machines"
        )
    if file and not (data / file).is_file():
        raise ValueError(f"there is no file {data / file}")
    return CloudAccess(name=cloud, network=network, file=str(data / file) if file else "", reached_from=_hosts(table))


def _hosts(table: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(IPv4Network(each)) for each in texts_of(table, _HOSTS, example="10.3.0.20"))


def _access(table: Mapping[str, Any], data: Path, url: str) -> BucketAccess:
    own = {each.name for each in fields(BucketAccess)} - {"secret"}
    require_only(table, own | {"secret_file"})
    if table and urlsplit(url).scheme not in ("s3", "az"):
        raise ValueError("'store' belongs to a 'bucket_url' that begins with s3:// or az://")
    endpoint, allow_http = text_of(table, "endpoint"), flag_of(table, "allow_http")
    scheme = urlsplit(endpoint).scheme
    if endpoint and (scheme not in _SCHEMES or not urlsplit(endpoint).hostname):
        raise ValueError("'endpoint' is an address such as https://s3.example.org")
    if scheme == "http" and not allow_http:
        raise ValueError("'endpoint' is without TLS: write https, or allow_http = true for a network of your own")
    account, file = text_of(table, "account"), text_of(table, "secret_file")
    if bool(account) is not bool(file):
        raise ValueError("'account' and 'secret_file' belong together")
    return BucketAccess(
        endpoint=endpoint.rstrip("/"),
        account=account,
        secret=secret_of(table, "secret_file", data),
        signing_region=text_of(table, "signing_region"),
        allow_http=allow_http,
        authority=path_of(table, "authority"),
    )
