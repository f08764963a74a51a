"""Keys and certificates: made once, renewed in time, whole after a crash."""

import json
import shutil
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509.verification import PolicyBuilder, Store

from galeria.adapters.identity.bootstrap_secrets import ensure_bootstrap_secrets
from galeria.adapters.identity.certificates import names_of
from galeria.adapters.identity.files import find_private, write_private
from galeria.adapters.identity.keys import ensure_installation
from galeria.adapters.system import RandomIdGenerator
from galeria.domain.errors import Unavailable
from tests.identity_context import MovedClock


@pytest.fixture(scope="module")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the first start left it."""
    folder = tmp_path_factory.mktemp("installation") / "identity"
    ensure_installation(folder, clock=MovedClock())
    return folder


@pytest.fixture
def folder(tmp_path: Path, new_folder: Path) -> Path:
    """A copy, because making RSA keys takes long."""
    return shutil.copytree(new_folder, tmp_path / "identity")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_second_start_changes_nothing(folder: Path, clock: MovedClock) -> None:
    first = ensure_installation(folder, clock=clock)
    before = contents(folder)
    second = ensure_installation(folder, clock=clock)
    assert contents(folder) == before
    assert (second.id, second.tenant_id, second.subscription_id) == (first.id, first.tenant_id, first.subscription_id)
    assert second.manifest_public_key == first.manifest_public_key
    assert len({first.id, first.tenant_id, first.subscription_id}) == 3


def test_everything_is_private(new_folder: Path, tmp_path: Path) -> None:
    ensure_bootstrap_secrets(tmp_path / "secrets", RandomIdGenerator())
    for folder in new_folder, tmp_path / "secrets":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_certificate_chain_is_valid_for_every_name(folder: Path, clock: MovedClock) -> None:
    made = ensure_installation(folder, clock=clock, names=["lab.example.org", "192.0.2.7"])
    server, ca = certificate(made.certificate), certificate(made.ca)
    for name in x509.DNSName("lab.example.org"), x509.DNSName("localhost"):
        verifier = PolicyBuilder().store(Store([ca])).time(clock.now()).build_server_verifier(name)
        assert verifier.verify(server, []) == [server, ca]
    addresses = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"127.0.0.1", "::1", "192.0.2.7"} <= {str(each) for each in addresses.get_values_for_type(x509.IPAddress)}
    assert isinstance(ca.public_key(), EllipticCurvePublicKey)
    assert (server.not_valid_after_utc - clock.now()).days == 398
    assert (ca.not_valid_after_utc - clock.now()).days == 3652


@pytest.mark.parametrize(("days", "renewed"), [(360, False), (369, True), (500, True)])
def test_server_certificate_is_renewed_in_its_last_month(
    folder: Path, clock: MovedClock, days: int, renewed: bool
) -> None:
    made = ensure_installation(folder, clock=clock)
    before = contents(folder)
    clock.move(days=days)
    ensure_installation(folder, clock=clock)
    changed = {name for name, content in contents(folder).items() if before[name] != content}
    assert changed == ({"server.pem"} if renewed else set())
    assert certificate(made.certificate).not_valid_after_utc > clock.now()


def test_new_names_renew_the_certificate_with_the_same_key(folder: Path, clock: MovedClock) -> None:
    made = ensure_installation(folder, clock=clock)
    before = certificate(made.certificate)
    ensure_installation(folder, clock=clock, names=["lab.example.org"])
    after = certificate(made.certificate)
    assert after.serial_number != before.serial_number
    assert after.public_key() == before.public_key()


def test_who_is_no_server_leaves_the_names_of_the_certificate(folder: Path, clock: MovedClock) -> None:
    """A worker and `galeria store status` open the same folder as the server, which has a name."""
    made = ensure_installation(folder, clock=clock, names=["lab.example.org", "192.0.2.7"])
    before = made.certificate.read_bytes()
    ensure_installation(folder, clock=clock)
    assert made.certificate.read_bytes() == before
    clock.move(days=369)  # in its last month
    ensure_installation(folder, clock=clock)
    assert made.certificate.read_bytes() != before
    assert {"lab.example.org", "192.0.2.7"} <= set(names_of(certificate(made.certificate)))
    ensure_installation(folder, clock=clock, names=[])
    assert "lab.example.org" not in names_of(certificate(made.certificate))


def test_authority_is_renewed_with_its_key_so_that_old_trust_still_holds(folder: Path, clock: MovedClock) -> None:
    made = ensure_installation(folder, clock=clock)
    old_ca = certificate(made.ca)
    clock.move(days=3640)
    ensure_installation(folder, clock=clock)
    server, new_ca = certificate(made.certificate), certificate(made.ca)
    assert new_ca.not_valid_after_utc > old_ca.not_valid_after_utc
    verifier = PolicyBuilder().store(Store([old_ca])).time(clock.now()).build_server_verifier(x509.DNSName("localhost"))
    assert verifier.verify(server, []) == [server, old_ca]


def test_start_after_a_crash_makes_what_is_missing_and_keeps_the_rest(folder: Path, clock: MovedClock) -> None:
    first = ensure_installation(folder, clock=clock)
    for name in "ca.pem", "token.key":
        (folder / name).unlink()
    (folder / ".token.key.new").write_bytes(b"half a k")
    second = ensure_installation(folder, clock=clock)
    assert second.tenant_id == first.tenant_id
    assert second.manifest_public_key == first.manifest_public_key
    certificate(second.certificate).verify_directly_issued_by(certificate(second.ca))
    assert not (folder / ".token.key.new").exists()


@pytest.mark.parametrize("name", ["installation.json", "manifest.key", "token.key", "ca.key", "ca.pem", "server.pem"])
def test_damaged_file_is_reported_and_never_replaced(folder: Path, clock: MovedClock, name: str) -> None:
    ensure_installation(folder, clock=clock)
    (folder / name).write_bytes(b"nonsense")
    with pytest.raises(Unavailable, match=name):
        ensure_installation(folder, clock=clock)
    assert (folder / name).read_bytes() == b"nonsense"


def test_keys_of_the_wrong_kind_are_damage(folder: Path, clock: MovedClock) -> None:
    ensure_installation(folder, clock=clock)
    (folder / "manifest.key").write_bytes((folder / "ca.key").read_bytes())
    with pytest.raises(Unavailable, match=r"manifest\.key"):
        ensure_installation(folder, clock=clock)


def test_write_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")
    (tmp_path / ".file.new").mkdir()
    with pytest.raises(Unavailable):
        write_private(path, b"new")
    assert find_private(path) == b"old"
    assert find_private(tmp_path / "other") is None


def test_bootstrap_secrets_are_made_once(folder: Path) -> None:
    first = ensure_bootstrap_secrets(folder, RandomIdGenerator())
    assert ensure_bootstrap_secrets(folder, RandomIdGenerator()) == first
    assert first.password not in repr(first)
    assert first.client_secret not in repr(first)
    assert first.welcome
    assert first.welcome not in repr(first)
    earlier = {name: "x" for name in ("userName", "password", "clientId", "clientSecret")}
    (folder / "bootstrap.json").write_text(json.dumps(earlier))
    assert ensure_bootstrap_secrets(folder, RandomIdGenerator()).welcome == ""
    (folder / "bootstrap.json").write_text("{}")
    with pytest.raises(Unavailable):
        ensure_bootstrap_secrets(folder, RandomIdGenerator())
