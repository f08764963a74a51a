"""Whether the cloud of a region can be used, as `galeria doctor` says it: credentials, network, sizes, quota."""

from collections.abc import Callable, Sequence
from contextlib import closing

from galeria.adapters.openstack.cloud import Cloud
from galeria.adapters.openstack.groups import SecurityGroups
from galeria.adapters.openstack.isolation import Isolation
from galeria.domain.errors import GaleriaError
from galeria.domain.labs.sizes import Size
from galeria.domain.regions import CloudAccess
from galeria.ports.machines import HostCheck


def check_cloud(region: str, access: CloudAccess, sizes: Sequence[Size]) -> list[HostCheck]:
    """Return one result for each check. Where nobody can sign in, or the network is not there, what hangs on it is left out."""
    with closing(Cloud(access)) as cloud:
        return _checks(cloud, f"cloud of {region}", sizes)


def _checks(cloud: Cloud, title: str, sizes: Sequence[Size]) -> list[HostCheck]:
    first = _tried(title, lambda: _signed_in(cloud))
    if not first.ok:
        return [first]
    network = _tried(f"{title}: network", lambda: f"{cloud.access.network} ({cloud.network_id()})")
    return [
        first,
        network,
        *([_tried(f"{title}: isolation", lambda: _isolation(cloud))] if network.ok else []),
        _tried(f"{title}: images", lambda: _images(cloud)),
        _tried(f"{title}: sizes", lambda: _flavors(f"{title}: sizes", cloud, sizes)),
        _tried(f"{title}: quota", lambda: _quota(cloud)),
    ]


def _tried(title: str, look: Callable[[], str | HostCheck]) -> HostCheck:
    try:
        found = look()
    except GaleriaError as error:
        return HostCheck(name=title, ok=False, required=True, found=str(error.message), cure=str(error.hint))
    return found if isinstance(found, HostCheck) else HostCheck(name=title, ok=True, required=True, found=found)


def _signed_in(cloud: Cloud) -> str:
    cloud.compute("GET", "/servers", params={"limit": 1})
    return f"signed in at {cloud.access.name}, and its machines can be listed"


def _isolation(cloud: Cloud) -> str:
    groups = SecurityGroups(cloud, installation="", region="")
    groups.all()  # not every cloud has any
    return f"machines are reached from {', '.join(Isolation(cloud, groups).hosts())} alone"


def _images(cloud: Cloud) -> str:
    cloud.image("GET", "/images", params={"limit": 1})
    return "can be listed"


def _flavors(title: str, cloud: Cloud, sizes: Sequence[Size]) -> HostCheck:
    found = cloud.compute("GET", "/flavors/detail")["flavors"]
    without = [
        size.name
        for size in sizes
        if not any(each["vcpus"] >= size.vcpus and each["ram"] >= size.memory_mib for each in found)
    ]
    if not without:
        return HostCheck(name=title, ok=True, required=False, found=f"{len(found)} flavors, one for every size")
    return HostCheck(
        name=title,
        ok=len(without) < len(sizes),
        required=len(without) == len(sizes),
        found=f"no flavor is large enough for {', '.join(without)}",
        cure="Ask the cloud's administrators for such flavors; labs of these sizes cannot be started there",
    )


def _quota(cloud: Cloud) -> str:
    limits = cloud.compute("GET", "/limits")["limits"]["absolute"]
    kinds = (("Instances", "machines"), ("Cores", "vCPUs"), ("RAM", "MiB of memory"))
    return ", ".join(_used(limits, name, word) for name, word in kinds)


def _used(limits: dict[str, int], name: str, word: str) -> str:
    used, most = limits[f"total{name}Used"], limits[f"maxTotal{name if name != 'RAM' else 'RAMSize'}"]
    return f"{used} {word} used, without limit" if most < 0 else f"{used} of {most} {word} used"
