"""Buckets: whole or absent objects, and failures described with what to do."""

import errno
from pathlib import Path

import pytest

from galeria.adapters.store.objects import cloud_store
from galeria.adapters.store.objects.bucket import Bucket, open_bucket
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.domain.errors import Invalid, OutOfSpace, StoreUnavailable
from galeria.domain.messages import Message
from tests.adapters.store.promises import buckets, promised_by

globals().update(promised_by(buckets))


@pytest.fixture(params=["directory", "memory"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    url = (tmp_path / "a place, äöü").as_uri() if request.param == "directory" else "memory://"
    return open_bucket(url, region="north", staging=tmp_path / "staging")


def test_what_the_settings_leave_out_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint without TLS is then let by a variable, and its answer is that nobody listens."""
    monkeypatch.setattr(cloud_store, "_RETRIES", {"max_retries": 0})
    said = {"ENDPOINT": "http://127.0.0.1:9", "REGION": "x", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x"}
    for name, value in said.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    for allowed, advice in (("false", "allow_http"), ("true", "can be reached")):
        monkeypatch.setenv("AWS_ALLOW_HTTP", allowed)
        bucket = open_bucket("s3://images", region="north", staging=tmp_path / "staging")
        with pytest.raises(StoreUnavailable) as caught:
            bucket.find("small")
        assert advice in caught.value.hint


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
