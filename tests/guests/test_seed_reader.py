"""The guest's reader of NoCloud seeds understands what cloud-init's users write, in each usual spelling."""

import subprocess
from importlib.resources import files

import pytest


def read_seed(text: str) -> list[str]:
    """The lines that the guest's own awk program prints, as `key value`."""
    program = str(files("galeria.guests").joinpath("files/root/usr/lib/galeria-guest/seed.awk"))
    done = subprocess.run(["awk", "-f", program], input=text, capture_output=True, text=True, check=True)
    return done.stdout.replace("\t", " ").splitlines()


def test_meta_data_gives_host_name_and_instance() -> None:
    assert read_seed('instance-id: "i-1"\nlocal-hostname: lab-one # a name\n') == ["instance i-1", "hostname lab-one"]


def test_a_user_with_everything() -> None:
    text = (
        "#cloud-config\nhostname: lab\nssh_pwauth: true\nusers:\n  - default\n  - name: alice\n"
        "    lock_passwd: false\n    passwd: '$6$abc$d/e.f'\n    groups: [adm, users]\n"
        "    sudo: ALL=(ALL) NOPASSWD:ALL\n"
        "    ssh_authorized_keys:\n      - ssh-ed25519 AAAA a@b\n      - ssh-rsa BBBB\n"
        "packages:\n  - vim\n"
    )
    assert read_seed(text) == [
        "hostname lab",
        "user alice",
        *("group adm", "group users", "group sudo"),
        "hash $6$abc$d/e.f",
        *("key ssh-ed25519 AAAA a@b", "key ssh-rsa BBBB"),
    ]


def test_users_as_a_yaml_library_writes_them() -> None:
    alice = "- groups: sudo\n  lock_passwd: false\n  name: alice\n  plain_text_passwd: p w\n"
    text = f"users:\n{alice}- name: bob\n  sudo:\n  - ALL\n"
    assert read_seed(text) == [
        *("user alice", "group sudo", "plain p w"),
        *("user bob", "group sudo", "lock yes"),
    ]


@pytest.mark.parametrize(("value", "locked"), [("false", False), ("False", False), ("true", True)])
def test_a_password_is_locked_unless_the_seed_says_otherwise(value: str, locked: bool) -> None:
    assert ("lock yes" in read_seed(f"users:\n  - name: alice\n    lock_passwd: {value}\n")) is locked


def test_sudo_false_gives_no_group() -> None:
    assert read_seed("users:\n  - name: alice\n    sudo: false\n") == ["user alice", "lock yes"]
