"""Listening sockets, and what the kernel says about ports."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from galeria.adapters.reach.listening import bound_sockets, ephemeral_ports, is_own_address, reserved_ports
from galeria.domain.errors import Unavailable


def test_every_address_is_one_socket_a_family_on_the_same_port() -> None:
    with ExitStack() as stack:
        listeners = [stack.enter_context(each) for each in bound_sockets("*", 0)]
        port = listeners[0].getsockname()[1]
        for listener in listeners:
            listener.listen()
        assert {each.getsockname()[1] for each in listeners} == {port}
        for address in ("127.0.0.1", *(["::1"] if len(listeners) == 2 else [])):
            stack.enter_context(socket.create_connection((address, port)))
        caller = listeners[0].accept()
        stack.enter_context(caller[0])
        assert caller[1][0] == "127.0.0.1"  # and not as an address of IPv6


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for address in ("127.0.0.1", "*"):
            with pytest.raises(Unavailable, match=f"Port {port} on .* cannot be used: Address already in use"):
                bound_sockets(address, port)


def test_the_kernels_ports_are_read(tmp_path: Path) -> None:
    file = tmp_path / "ports"
    file.write_text("32768\t60999\n")
    assert ephemeral_ports(file) == range(32768, 61000)
    assert 32768 in ephemeral_ports() or ephemeral_ports().start > 1023
    assert ephemeral_ports(tmp_path / "absent") == range(0)
    file.write_text("8443,61000-61002\n")
    assert reserved_ports(file) == {8443, 61000, 61001, 61002}
    file.write_text("\n")
    assert reserved_ports(file) == set()


def test_addresses_of_this_host_are_known() -> None:
    assert is_own_address("127.0.0.1")
    assert not is_own_address("203.0.113.7")
    assert not is_own_address("2001:db8::7")
