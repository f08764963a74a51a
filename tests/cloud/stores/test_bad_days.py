"""What a cloud does on bad days is a sentence or another try, and never the loss of an image."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from galeria.adapters.store.objects import cloud_store
from galeria.adapters.store.objects.bucket import Bucket, open_bucket
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import StoreUnavailable
from galeria.domain.regions import BucketAccess
from tests.adapters.store.fixtures import PACK, StoreFixture, content, copy, noise, seal
from tests.cloud.conftest import BUCKET
from tests.cloud.servers.cloud_server import CloudServer
from tests.cloud.servers.faulty_proxy import Answer, FaultyProxy, Request
from tests.cloud.servers.programs import require_program

DISK = noise(1, 6 * PACK)
VERBS: dict[str, Callable[[Bucket], object]] = {
    "find": lambda bucket: bucket.find("manifests/aa"),
    "has": lambda bucket: bucket.has("packs/aa"),
    "read": lambda bucket: bucket.read("packs/aa", 0, 1),
    "put": lambda bucket: bucket.put("manifests/aa", b"x"),
    "objects": lambda bucket: list(bucket.objects("packs")),
    "delete": lambda bucket: bucket.delete("packs/aa"),
}


def opened(cloud: CloudServer, folder: Path, *, bucket: str = BUCKET, access: BucketAccess | None = None) -> Bucket:
    url = cloud.url(bucket, "bad-days")
    return open_bucket(url, region="north", staging=folder / "staging", access=access or cloud.access)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets that are opened from now on try again for two seconds, not for a minute."""
    short = {**cloud_store._RETRIES, "retry_timeout": timedelta(seconds=2)}
    monkeypatch.setattr(cloud_store, "_RETRIES", short)


@pytest.mark.parametrize("verb", VERBS)
def test_a_bucket_that_is_missing_is_no_loss_of_images(cloud: CloudServer, tmp_path: Path, verb: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"does not exist|NoSuchBucket|ContainerNotFound") as caught:
        VERBS[verb](opened(cloud, tmp_path, bucket="not-made"))
    assert "bucket_url" in caught.value.hint


@pytest.mark.parametrize("verb", ["find", "put", "objects"])
def test_a_wrong_secret_is_said(cloud: CloudServer, tmp_path: Path, verb: str) -> None:
    other = "b3RoZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cywgbG9uZyBlbm91Z2g="
    bucket = opened(cloud, tmp_path, access=replace(cloud.access, secret=other))
    with pytest.raises(
        StoreUnavailable, match=r"SignatureDoesNotMatch|AuthenticationFailed|AuthorizationFailure"
    ) as caught:
        VERBS[verb](bucket)
    assert "the account and the secret" in caught.value.hint
    assert other not in str(caught.value)


def test_an_endpoint_without_tls_that_is_not_allowed_is_said(cloud: CloudServer, tmp_path: Path) -> None:
    bucket = opened(cloud, tmp_path, access=replace(cloud.access, allow_http=False))
    with pytest.raises(StoreUnavailable) as caught:
        bucket.find("manifests/aa")
    assert "allow_http" in caught.value.hint


_SKEWED = """
import sys
from pathlib import Path
from galeria.adapters.store.objects.bucket import open_bucket
from galeria.domain.errors import StoreUnavailable
from galeria.domain.regions import BucketAccess
url, endpoint, account, secret, folder = sys.argv[1:]
access = BucketAccess(endpoint=endpoint, account=account, secret=secret, allow_http=True)
try:
    open_bucket(url, region="north", staging=Path(folder), access=access).put("manifests/aa", b"x")
except StoreUnavailable as error:
    print(error)
"""


def test_a_clock_that_is_twenty_minutes_ahead_is_said(cloud: CloudServer, tmp_path: Path) -> None:
    access = cloud.access
    words = [cloud.url(BUCKET), access.endpoint, access.account, access.secret, str(tmp_path / "staging")]
    ahead = ["env", "DONT_FAKE_MONOTONIC=1", require_program("faketime"), "-f", "+20m"]
    done = subprocess.run([*ahead, sys.executable, "-c", _SKEWED, *words], capture_output=True, text=True, check=True)
    if cloud.name == "azurite":  # it does not look at the clock
        assert done.stdout == ""
    else:
        assert "RequestTimeTooSkewed" in done.stdout
        assert "clock" in done.stdout


@pytest.mark.parametrize("cloud", ["ceph", "azurite"], indirect=True)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=400, code="ExpiredToken"), "Renew the credentials"),
        (Answer(status=400, code="AuthorizationHeaderMalformed"), "signing_region"),
        (Answer(status=403, code="RequestTimeTooSkewed"), "clock"),
        (Answer(status=403), "account and the secret"),
        (Answer(status=503, code="SlowDown"), "no more requests for now"),
        (Answer(status=500), "can be reached"),
        (Answer(status=0), "can be reached"),
    ],
)
def test_what_a_cloud_answers_is_told_with_what_to_do(
    cloud: CloudServer, proxy: FaultyProxy, tmp_path: Path, impatient: None, answer: Answer, said: str
) -> None:
    bucket = opened(cloud, tmp_path, access=cloud.by_way_of(proxy.address))
    proxy.fault = lambda request: answer
    for verb in ("find", "put", "objects"):
        with pytest.raises(StoreUnavailable) as caught:
            VERBS[verb](bucket)
        assert said in caught.value.hint
        assert answer.code in caught.value.message


def test_a_cloud_that_asks_for_fewer_requests_gets_them(far: StoreFixture, proxy: FaultyProxy, tmp_path: Path) -> None:
    seen: Counter[tuple[str, str, str]] = Counter()

    def refuse(request: Request) -> Answer | None:
        seen[request.method, request.path, request.range] += 1
        busy = seen[request.method, request.path, request.range] <= 2
        return Answer(status=503, code="SlowDown") if busy else None

    proxy.fault = refuse
    north, south = far.store("north"), far.store("south")
    digest = seal(north, DISK).digest
    copy(south, digest, north)
    assert content(south, digest, tmp_path) == DISK


def test_a_gateway_that_is_away_for_eight_seconds_kills_no_operation(
    far: StoreFixture, proxy: FaultyProxy, tmp_path: Path
) -> None:
    store = far.store("north")
    gone_until: list[float] = []

    def cut(request: Request) -> Answer | None:
        if request.method == "PUT" and not gone_until:
            gone_until.append(time.monotonic() + 8)
        return Answer(status=0) if gone_until and time.monotonic() < gone_until[0] else None

    proxy.fault = cut
    digest = seal(store, DISK).digest
    assert time.monotonic() > gone_until[0]
    assert content(store, digest, tmp_path) == DISK


def test_a_server_that_restarts_between_two_operations_has_lost_nothing(
    cloud: CloudServer, shop: StoreFixture, tmp_path: Path
) -> None:
    store = shop.store("north")
    digest = seal(store, DISK).digest
    cloud.restart()
    assert content(store, digest, tmp_path) == DISK


def test_requests_of_an_export_and_of_a_collection_are_few(far: StoreFixture, proxy: FaultyProxy) -> None:
    mebibytes = 96
    store = RegionStore(far.context("north", scale=1))
    store = RegionStore(replace(store.context, chunk_size=256 * 1024, pack_size=32 * 1024 * 1024))
    live = seal(store, noise(1, mebibytes * 1024 * 1024)).digest
    assert len(proxy.requests) <= mebibytes / 8 + 20
    dead = seal(store, noise(2, 4 * 1024 * 1024)).digest
    proxy.requests.clear()
    assert store.collect(lambda: [live]).removed_packs == 1
    assert store.find_manifest(dead) is None
    assert [request.key for request in proxy.requests if request.method == "GET" and "/packs/" in request.key] == []
    assert len(proxy.requests) <= 12
