"""Hashes of secrets, and the system's clock and random ids."""

import subprocess
from datetime import UTC

import pytest

from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.adapters.system import RandomIdGenerator, SystemClock


def test_only_the_right_secret_matches() -> None:
    secrets = ArgonSecretHasher(passes=1, memory_kib=8, lanes=1)
    hashed = secrets.hash("Grüße und açúcar")
    assert hashed.startswith("$argon2id$")
    assert hashed != secrets.hash("Grüße und açúcar")
    assert secrets.matches(hashed, "Grüße und açúcar")
    assert not secrets.matches(hashed, "grüße und açúcar")
    assert not secrets.matches("", "")
    assert not secrets.matches("$argon2id$damaged", "x")


def test_the_real_costs_are_those_of_rfc_9106() -> None:
    assert "$m=65536,t=3,p=4$" in ArgonSecretHasher().hash("x")


def test_unix_hash_is_what_other_programs_make_of_the_same_salt() -> None:
    hashed = ArgonSecretHasher().unix_hash("Aula-2026!")
    _, method, salt, _ = hashed.split("$")
    assert method == "6"
    again = subprocess.run(
        ["openssl", "passwd", "-6", "-salt", salt, "-stdin"],
        input="Aula-2026!",
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.strip() == hashed


def test_dice_and_clock() -> None:
    id_generator = RandomIdGenerator()
    assert len(id_generator.new_id()) == 32
    assert len(id_generator.new_guid()) == 36
    assert len(id_generator.new_secret()) == 43
    assert id_generator.new_secret() != id_generator.new_secret()
    # `az login -p -x` is refused: each of these would begin with a dash once in 64 times.
    assert not any(id_generator.new_secret().startswith("-") for _ in range(2000))
    assert SystemClock().now().tzinfo is UTC


@pytest.mark.parametrize("text", ["correct\0Horse-7", "correct\ud800Horse-7"])
def test_what_no_password_can_be_differs_from_every_one(text: str) -> None:
    secrets = ArgonSecretHasher()
    assert secrets.differs(secrets.unix_hash("correct-Horse-7"), text)
