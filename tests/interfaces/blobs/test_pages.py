"""Page blobs as the storage REST API describes them."""

import base64
import hashlib
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from tests.interfaces.arm.served import Arm
from tests.interfaces.arm.storage import disk_id, grant, uploaded, vhd_bytes
from tests.interfaces.blobs.conftest import SIZE

PAGE = 512


def put(arm: Arm, address: str, start: int, data: bytes, **headers: str) -> httpx.Response:
    own = {
        "x-ms-page-write": "update",
        "x-ms-range": f"bytes={start}-{start + len(data) - 1}",
        "x-ms-version": "2025-07-05",
    }
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return arm.stranger().put(f"{address}&comp=page", content=data, headers=own | more)


def ranges(arm: Arm, address: str, **headers: str) -> list[tuple[int, int]]:
    answer = arm.stranger().get(f"{address}&comp=pagelist", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["x-ms-blob-content-length"]
    found = ElementTree.fromstring(answer.text).findall("PageRange")
    return [(int(each.findtext("Start", "")), int(each.findtext("End", ""))) for each in found]


def code(answer: httpx.Response, status: int) -> str:
    """The error's code, stated in the header and in the body alike."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    told = ElementTree.fromstring(answer.text)
    assert told.tag == "Error"
    assert told.findtext("Code") == answer.headers["x-ms-error-code"]
    assert told.findtext("Message")
    return str(told.findtext("Code"))


def test_a_blank_disk_has_its_size_and_no_pages(arm: Arm, address: str) -> None:
    answer = arm.stranger().head(address, headers={"x-ms-client-request-id": "mine", "x-ms-version": "2020-10-02"})
    assert answer.status_code == 200
    headers = answer.headers
    assert (headers["content-length"], headers["x-ms-blob-type"]) == (str(SIZE), "PageBlob")
    assert (headers["x-ms-client-request-id"], headers["x-ms-version"]) == ("mine", "2020-10-02")
    assert headers["x-ms-request-id"]
    assert headers["etag"].startswith('"0x')
    assert headers["last-modified"].endswith("GMT")
    assert ranges(arm, address) == []


def test_pages_are_written_anywhere_listed_and_cleared(arm: Arm, address: str) -> None:
    before = arm.stranger().head(address).headers["etag"]
    answer = put(arm, address, 4 << 20, b"x" * 8192)
    assert answer.status_code == 201
    assert answer.headers["x-ms-blob-sequence-number"] == "0"
    assert answer.headers["etag"] != before
    assert put(arm, address, 0, b"y" * PAGE).status_code == 201
    assert ranges(arm, address) == [(0, 4095), (4 << 20, (4 << 20) + 8191)]
    assert ranges(arm, address, Range=f"bytes=0-{PAGE - 1}") == [(0, PAGE - 1)]
    clear = {"x-ms-page-write": "clear", "Range": f"bytes={4 << 20}-{(4 << 20) + 8191}"}
    assert arm.stranger().put(f"{address}&comp=page", headers=clear).status_code == 201
    assert ranges(arm, address) == [(0, 4095)]


def test_pages_of_zeros_take_no_space(arm: Arm, address: str) -> None:
    assert put(arm, address, 0, b"z" * 131072).status_code == 201
    assert put(arm, address, 65536, bytes(65536)).status_code == 201
    assert ranges(arm, address) == [(0, 65535)]


def test_writers_at_once_do_not_hinder_each_other(arm: Arm, address: str) -> None:
    def write(number: int) -> int:
        return put(arm, address, number * 65536, bytes([number + 1]) * 65536).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(64))) == {201}
    assert ranges(arm, address) == [(0, 64 * 65536 - 1)]


@pytest.mark.parametrize(
    ("headers", "status", "expected"),
    [
        ({"x-ms-range": "bytes=1-512"}, 416, "InvalidPageRange"),
        ({"x-ms-range": "bytes=0-510"}, 416, "InvalidPageRange"),
        ({"x-ms-range": f"bytes={SIZE}-{SIZE + 511}"}, 416, "InvalidPageRange"),
        ({"x-ms-range": "bytes=512-511"}, 416, "InvalidPageRange"),
        ({"x-ms-range": "bytes=0-1023"}, 400, "InvalidHeaderValue"),
        ({"x-ms-range": "pages=0-511"}, 400, "InvalidHeaderValue"),
        ({"x-ms-range": ""}, 400, "InvalidHeaderValue"),
        ({"x-ms-page-write": "append"}, 400, "InvalidHeaderValue"),
        ({"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, 400, "Md5Mismatch"),
        ({"content-md5": "é".encode().decode("latin-1")}, 400, "Md5Mismatch"),
        ({"x-ms-content-crc64": "AAAAAAAAAAA="}, 400, "UnsupportedHeader"),
        ({"if-match": '"0x0"'}, 412, "ConditionNotMet"),
        ({"if-none-match": "*"}, 412, "ConditionNotMet"),
    ],
)
def test_a_write_that_is_not_right_changes_nothing(
    arm: Arm, address: str, headers: dict[str, str], status: int, expected: str
) -> None:
    own = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"} | headers
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in own.items()]
    answer = arm.stranger().put(f"{address}&comp=page", content=b"x" * PAGE, headers=encoded)
    assert code(answer, status) == expected
    assert ranges(arm, address) == []


def test_a_checksum_that_fits_is_answered(arm: Arm, address: str) -> None:
    data = b"x" * PAGE
    md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
    answer = put(arm, address, 0, data, content_md5=md5)
    assert (answer.status_code, answer.headers["content-md5"]) == (201, md5)


def test_a_write_of_more_than_four_mebibytes_is_refused(arm: Arm, address: str) -> None:
    assert code(put(arm, address, 0, b"x" * ((4 << 20) + PAGE)), 413) == "RequestBodyTooLarge"
    assert ranges(arm, address) == []


def test_a_put_blob_begins_anew(arm: Arm, address: str) -> None:
    put(arm, address, 0, b"x" * PAGE)
    headers = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(SIZE)}
    assert arm.stranger().put(address, headers=headers).status_code == 201
    assert ranges(arm, address) == []
    other = headers | {"x-ms-blob-content-length": "512"}
    assert code(arm.stranger().put(address, headers=other), 400) == "InvalidHeaderValue"
    block = headers | {"x-ms-blob-type": "BlockBlob"}
    assert code(arm.stranger().put(address, headers=block), 400) == "InvalidBlobType"


def test_other_verbs_are_not_for_disks(arm: Arm, address: str) -> None:
    assert code(arm.stranger().delete(address), 405) == "UnsupportedHttpVerb"
    assert code(arm.stranger().put(f"{address}&comp=lease"), 405) == "UnsupportedHttpVerb"


def test_an_address_opens_one_disk_one_way_for_a_time(arm: Arm, address: str) -> None:
    url = httpx.URL(address)
    for wrong in (
        url.copy_set_param("sig", "x" * 43),
        url.copy_remove_param("sig"),
        url.copy_set_param("si", "x"),
        url.copy_with(path="/disks/0123456789abcdef/abcd"),
    ):
        assert code(arm.stranger().get(wrong), 403) == "AuthenticationFailed"
    with arm.installation.context.database() as uow:
        grant_ = uow.access_grants.get(url.params["si"])
        assert url.params["sig"] not in vars(grant_).values(), "the secret itself is kept nowhere"
        grant_.expires_at = arm.installation.context.clock.now() - timedelta(seconds=1)
        uow.commit()
    assert code(put(arm, address, 0, b"x" * PAGE), 403) == "AuthenticationFailed"


def test_an_address_for_reading_does_not_write(arm: Arm) -> None:
    id = uploaded(arm, "only-read")
    address = grant(arm, id, "Read")
    assert code(put(arm, address, 0, b"x" * PAGE), 403) == "AuthenticationFailed"
    size = len(vhd_bytes())
    assert ranges(arm, address)[-1][1] == size - 1
    assert code(arm.stranger().get(address, headers={"Range": f"bytes={size}-"}), 416) == "InvalidRange"
    assert arm.stranger().get(address, headers={"Range": "bytes=-5"}).status_code == 400
    assert arm.stranger().get(address, headers={"If-Match": '"0x1"'}).status_code == 412


def test_after_the_end_of_access_nobody_writes(arm: Arm, address: str) -> None:
    put(arm, address, 0, b"x" * PAGE)
    id = disk_id("test_after_the_end_of_access_nobody_writes")
    assert arm().post(f"{id}/endGetAccess").status_code == 202
    assert code(put(arm, address, 0, b"y" * PAGE), 403) == "AuthenticationFailed"
