"""Buckets: whole or absent objects."""

import pytest

from galeria.adapters.store.objects.bucket import Bucket
from galeria.domain.errors import Corrupt


def test_objects_are_put_found_listed_and_deleted(bucket: Bucket) -> None:
    bucket.put("manifests/aa", b"small")
    staged = bucket.staging / "pack"
    staged.write_bytes(b"0123456789" * 2_000_000)
    bucket.put_file("packs/bb/bbcc", staged)
    assert not staged.exists()
    assert bucket.find("manifests/aa") == b"small"
    assert bytes(bucket.read("packs/bb/bbcc", 15, 7)) == b"5678901"
    assert [(each.path, each.size) for each in bucket.objects("packs")] == [("packs/bb/bbcc", 20_000_000)]
    for _ in range(2):
        bucket.delete("packs/bb/bbcc")
    assert list(bucket.objects("packs")) == []
    assert bucket.find("packs/bb/bbcc") is None


@pytest.mark.parametrize(("path", "start"), [("gone", 0), ("small", 2), ("small", 100)])
def test_an_object_that_is_gone_or_too_short_is_corrupt(bucket: Bucket, path: str, start: int) -> None:
    bucket.put("small", b"small")
    with pytest.raises(Corrupt, match="region north lost"):
        bucket.read(path, start, 5)
