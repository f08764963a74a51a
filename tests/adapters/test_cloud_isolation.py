"""What a cloud's security groups let when all but some networks are open."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from galeria.adapters.openstack.isolation import all_but
from galeria.domain.labs.guest_network import CLOSED_NETWORKS


@pytest.mark.parametrize("more", [[], ["10.77.0.0/24"], ["200.137.0.0/20", "200.137.1.5/32", "8.8.8.8/32"]])
def test_every_address_is_open_or_closed_and_never_both(more: list[str]) -> None:
    closed = [IPv4Network(each) for each in (*CLOSED_NETWORKS, *more)]
    opened = all_but(closed)
    edges = [
        edge
        for each in (*closed, *opened)
        for edge in (int(each[0]) - 1, int(each[0]), int(each[-1]), int(each[-1]) + 1)
    ]
    for address in (IPv4Address(edge) for edge in edges if 0 <= edge < 2**32):
        assert any(address in each for each in opened) is not any(address in each for each in closed), address


def test_the_internet_fits_into_the_quota_that_projects_have() -> None:
    assert len(all_but(map(IPv4Network, CLOSED_NETWORKS))) <= 75
