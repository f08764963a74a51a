"""Buckets: whole or absent objects, and failures described with what to do."""

import errno
from pathlib import Path

import pytest

from galeria.adapters.store.objects.bucket import Bucket, open_bucket
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.domain.errors import Corrupt, Invalid, OutOfSpace, StoreUnavailable
from galeria.domain.messages import Message


@pytest.fixture(params=["directory", "memory"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    url = (tmp_path / "a place, äöü").as_uri() if request.param == "directory" else "memory://"
    return open_bucket(url, region="north", staging=tmp_path / "staging")


def test_objects_are_put_found_listed_and_deleted(bucket: Bucket) -> None:
    bucket.put("manifests/aa", b"small")
    staged = bucket.staging / "pack"
    staged.write_bytes(b"0123456789" * 2_000_000)
    bucket.put_file("packs/bb/bbcc", staged)
    assert not staged.exists()
    assert bucket.find("manifests/aa") == b"small"
    assert bytes(bucket.read("packs/bb/bbcc", 15, 7)) == b"5678901"
    assert dict(bucket.objects("packs")) == {"packs/bb/bbcc": 20_000_000}
    for _ in range(2):
        bucket.delete("packs/bb/bbcc")
    assert list(bucket.objects("packs")) == []
    assert bucket.find("packs/bb/bbcc") is None


@pytest.mark.parametrize(("path", "start"), [("gone", 0), ("small", 2), ("small", 100)])
def test_an_object_that_is_gone_or_too_short_is_corrupt(bucket: Bucket, path: str, start: int) -> None:
    bucket.put("small", b"small")
    with pytest.raises(Corrupt, match="region north lost"):
        bucket.read(path, start, 5)


def test_an_unknown_kind_of_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="gopher"):
        open_bucket("gopher://bucket", region="north", staging=tmp_path)


@pytest.mark.parametrize(
    ("error", "told_as"),
    [
        (OSError(errno.ENOSPC, "full"), OutOfSpace),
        (OSError(errno.EDQUOT, "quota"), OutOfSpace),
        (OSError(errno.EIO, "broken"), StoreUnavailable),
        (PermissionError(errno.EACCES, "denied"), StoreUnavailable),
    ],
)
def test_failures_name_the_region_and_what_to_do(error: OSError, told_as: type[StoreUnavailable]) -> None:
    with pytest.raises(told_as, match="region north") as caught, translated_errors("north", Message("writing")):
        raise error
    assert "retry" in caught.value.hint
    assert caught.value.target == "north"


def test_a_directory_made_for_images_is_closed_to_others(tmp_path: Path) -> None:
    made, given = tmp_path / "made", tmp_path / "given"
    given.mkdir(mode=0o755)
    for root in (made, given):
        open_bucket(root.as_uri(), region="north", staging=tmp_path / "staging")
    assert made.stat().st_mode & 0o777 == 0o700
    assert given.stat().st_mode & 0o777 == 0o755
