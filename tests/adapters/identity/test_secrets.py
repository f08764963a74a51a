"""Hashes of secrets, and the system's clock and random ids."""

import os
import subprocess
import sys
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


def test_many_sign_ins_at_once_take_the_memory_of_as_many_as_there_are_processors() -> None:
    hash_kib = 64 * 1024
    processors = os.cpu_count() or 1
    program = f"""
import resource, threading
from galeria.adapters.identity.secrets import ArgonSecretHasher
secrets = ArgonSecretHasher()
hashed = secrets.hash("x")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = [threading.Thread(target=secrets.matches, args=(hashed, "x")) for _ in range({4 * processors})]
for each in threads: each.start()
for each in threads: each.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(answer.stdout) < processors * hash_kib  # one more of them is in what there was before


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
