"""The orders of a change: what they hold, and what is never written to a system's files."""

import io
import tarfile

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from galeria.adapters.inspection.host_keys import dropbear_key
from galeria.adapters.inspection.orders import archive_orders
from galeria.domain.errors import Invalid
from galeria.domain.labs.disk_changes import DiskChanges


def files_of(changes: DiskChanges) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive_orders(changes))) as archive:
        return {each.name: file.read() for each in archive if (file := archive.extractfile(each))}


def test_nothing_is_ordered_but_what_is_wanted() -> None:
    assert files_of(DiskChanges()) == {"keep": b"", "retire": b""}
    assert sorted(files_of(DiskChanges(user_name="ana", password_hash="!"))) == [
        "day",
        "hash",
        "keep",
        "retire",
        "user",
    ]


def test_sources_stand_in_one_line() -> None:
    text = files_of(DiskChanges(data_sources=("NoCloud", "Azure")))["data_sources"].decode()
    assert text.splitlines()[-1] == "datasource_list: [ NoCloud, Azure ]"


def test_a_card_is_named_by_its_place_alone() -> None:
    rule = files_of(DiskChanges(card_name="ens7"))["card"].decode().splitlines()[-1]
    assert rule == 'SUBSYSTEM=="net", ACTION=="add", KERNELS=="0000:00:10.0", NAME="ens7"'


@pytest.mark.parametrize(
    "changes",
    [
        DiskChanges(user_name="a:b"),
        DiskChanges(user_name="a\nroot"),
        DiskChanges(user_name="ana", password_hash="$6$x:0"),
        DiskChanges(host_name="a b"),
        DiskChanges(card_name='ens7", RUN+="/bin/x'),
        DiskChanges(keep=("two\nlines",)),
        DiskChanges(ssh_keys=("ssh-rsa A\rB",)),
        DiskChanges(data_sources=("Azure ]\n",)),
        DiskChanges(ssh_keys=("k" * 70_000,)),
    ],
)
def test_what_would_break_a_systems_files_is_refused(changes: DiskChanges) -> None:
    with pytest.raises(Invalid):
        archive_orders(changes)


def test_dropbears_keys_hold_the_numbers_that_it_expects() -> None:
    edwards = ed25519.Ed25519PrivateKey.generate()
    assert dropbear_key(edwards) == (
        b"\0\0\0\x0bssh-ed25519\0\0\0\x40" + edwards.private_bytes_raw() + edwards.public_key().public_bytes_raw()
    )
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert dropbear_key(numbers).startswith(b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0")
    curve = ec.generate_private_key(ec.SECP256R1())
    assert b"\0\0\0\x08nistp256\0\0\0\x41\x04" in dropbear_key(curve)
