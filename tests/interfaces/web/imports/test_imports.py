"""Importing in a browser: files arrive by tus, what is in them is shown, and they become versions where that is allowed."""

import base64
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from galeria.domain.images.galleries import ImageVersion
from galeria.domain.states import ProvisioningState
from galeria.programs import run
from tests.adapters.files.disk_files import converted, raw_disk
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.local_installation import ACCOUNT, GALLERY, GROUP, MIB, disk_bytes, version_id
from tests.role_assignments import assign_role

UPLOADS = "/import/uploads"
GIB = 1 << 30


def headers_of(portal: Portal, browser: httpx.Client, **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"Tus-Resumable": "1.0.0", "X-CSRF-Token": portal.token(browser), **portal.own_origin, **named}


def announce(portal: Portal, browser: httpx.Client, length: int, name: str = "disk.raw") -> str:
    metadata = "filename " + base64.b64encode(name.encode()).decode()
    headers = headers_of(portal, browser, Upload_Length=str(length), Upload_Metadata=metadata)
    answer = browser.post(UPLOADS, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rsplit("/", 1)[-1]


def append(portal: Portal, browser: httpx.Client, id: str, content: bytes, offset: int = 0) -> httpx.Response:
    more = {"Content-Type": "application/offset+octet-stream"}
    headers = headers_of(portal, browser, Upload_Offset=str(offset)) | more
    return browser.patch(f"{UPLOADS}/{id}", content=content, headers=headers)


def sent(portal: Portal, browser: httpx.Client, content: bytes, name: str = "disk.raw") -> str:
    id = announce(portal, browser, len(content), name)
    assert append(portal, browser, id, content).status_code == 204
    return id


def chosen(**fields: Any) -> dict[str, Any]:
    """The form as it is sent when nothing of it was changed but the name."""
    return {
        "gallery": GALLERY.key,
        "target": "new",
        "name": "Linux for algebra",
        "os_type": "Linux",
        "os_state": "Generalized",
        "generation": "V1",
        "architecture": "x64",
        "version": "1.0.0",
        "proposed": "1.0.0",
        "home": "brazilsouth",
        "regions": ["brazilsoutheast"],
    } | fields


def version_of(portal: Portal, image: str, number: str = "1.0.0") -> ImageVersion:
    with portal.services.database(reading=True) as uow:
        return uow.versions.get_by_key(version_id(image, number).key)


def test_a_file_that_was_sent_becomes_a_version(portal: Portal) -> None:
    browser = portal.browser()
    id = sent(portal, browser, disk_bytes(4 * MIB), "álgebra.raw")

    page = browser.get(f"/import/{id}")
    assert title_of(page) == "álgebra.raw"
    assert "RAW disk" in text_of(page)
    assert "4,194,304 bytes" in text_of(page)
    assert "BIOS (V1)" in text_of(page)
    answer = portal.post(browser, f"/import/{id}", **chosen())

    assert answer.headers["location"] == "/galleries/campus/gal/images/Linux-for-algebra/versions/1.0.0"
    made = browser.get(answer.headers["location"])
    assert "Create version" in text_of(made)
    assert "See how far it is" not in text_of(made)
    portal.work()
    assert version_of(portal, "Linux-for-algebra").state is ProvisioningState.SUCCEEDED
    assert "✓ Verified" in text_of(browser.get(answer.headers["location"]))
    assert browser.get(f"/import/{id}").status_code == 404


def test_the_next_version_of_an_image_is_proposed(portal: Portal) -> None:
    portal.installation.run(portal.installation.begin_import("linux", disk_bytes(MIB), version="1.0.9"))
    browser, image = portal.browser(), version_id("linux").parent
    id = sent(portal, browser, disk_bytes(2 * MIB, seed=2))

    page = browser.get(f"/import/{id}", params={"image": str(image)})
    assert re.search(r'name="target" value="existing"[^>]* checked', page.text)
    assert 'name="version" value="1.0.10"' in page.text
    fields = chosen(target="existing", image=image.key, version="1.0.10", proposed="1.0.10")
    portal.post(browser, f"/import/{id}", **fields)

    portal.work()
    assert version_of(portal, "linux", "1.0.10").state is ProvisioningState.SUCCEEDED


def ticked(text: str) -> set[str]:
    return set(re.findall(r'name="regions" value="(\w+)" checked', text))


def test_a_next_version_is_proposed_where_its_predecessor_is(portal: Portal) -> None:
    everywhere = ("brazilsouth", "brazilsoutheast", "westeurope", "northeurope")
    portal.installation.run(portal.installation.begin_import("linux", disk_bytes(MIB), regions=everywhere))
    portal.installation.run(portal.installation.begin_import("small", disk_bytes(MIB, seed=3)))
    browser, linux, small = portal.browser(), version_id("linux").parent, version_id("small").parent
    id = sent(portal, browser, disk_bytes(2 * MIB, seed=2))

    page = browser.get(f"/import/{id}", params={"image": str(linux)}).text
    assert ticked(page) == set(everywhere)
    (proposed,) = re.findall(r'name="proposed_regions" value="([^"]*)"', page)
    answered = chosen(target="existing", image=small.key, regions=everywhere[1:], proposed_regions=proposed)
    assert ticked(portal.post(browser, f"/import/{id}/fields", status=200, **answered).text) == {"brazilsouth"}
    of_ones_own = answered | {"regions": ["westeurope"]}
    assert ticked(portal.post(browser, f"/import/{id}/fields", status=200, **of_ones_own).text) == {
        "brazilsouth",
        "westeurope",
    }

    portal.post(browser, f"/import/{id}", **answered | {"version": "1.0.1"})
    with portal.services.database(reading=True) as uow:
        made = uow.versions.get_by_key(version_id("small", "1.0.1").key)
        assert {each.region for each in uow.versions.replicas(made.id)} == set(everywhere)  # as it was sent


def test_a_choice_changes_what_else_there_is_to_choose(portal: Portal) -> None:
    portal.installation.run(portal.installation.begin_import("linux", disk_bytes(MIB), version="2.0.0"))
    browser = portal.browser()
    id = sent(portal, browser, disk_bytes(MIB))
    image = version_id("linux").parent.key

    fields = chosen(target="existing", image=image)
    part = portal.post(browser, f"/import/{id}/fields", status=200, **fields).text
    typed = portal.post(browser, f"/import/{id}/fields", status=200, **chosen(version="7.0.0")).text
    plain = portal.post(browser, f"/import/{id}", status=200, show="yes", **chosen(home="westeurope")).text

    assert 'name="version" value="2.0.1"' in part  # the number was only proposed before
    assert "<html" not in part
    assert 'name="version" value="7.0.0"' in typed  # this one was typed
    assert re.search(r'value="westeurope" checked disabled', plain)


def test_prices_names_and_faults_are_reported_while_somebody_types(portal: Portal) -> None:
    browser = portal.browser()
    id = sent(portal, browser, disk_bytes(MIB))

    def told(**fields: Any) -> str:
        return text_of(portal.post(browser, f"/import/{id}/fields", status=200, **chosen(**fields)))

    assert "Algebra-II 1.0.0" in told(name="Álgebra II")
    assert "in 2 regions" in told()
    assert "in 4 regions" in told(regions=["brazilsoutheast", "westeurope", "northeurope"])
    assert "'1.0' is not a version." in told(version="1.0")


@pytest.mark.slow
def test_a_disk_over_the_limit_is_kept_but_not_offered(portal: Portal, tmp_path: Path) -> None:
    with portal.installation.request() as request:
        request.uow.accounts.get_by_key(ACCOUNT.key).os_disk_limit_gb = 1
    disk = converted(raw_disk(tmp_path / "disk.raw", size=GIB), tmp_path / "disk.qcow2", "qcow2")
    browser = portal.browser()
    id = sent(portal, browser, disk.read_bytes(), "disk.qcow2")

    page = text_of(browser.get(f"/import/{id}"))

    assert "QCOW2" in page
    assert "Size of the disk 1 GB" in page
    assert "It will be kept, but not offered for labs of the account “labs”." in page
    assert "The OS disk has 1 GB; labs here take less than 1 GB." in page
    assert "Shrink the disk and import it again" in page


def test_an_empty_file_is_called_empty(portal: Portal) -> None:
    browser = portal.browser()
    page = text_of(browser.get(f"/import/{announce(portal, browser, 0)}"))
    assert "This file is refused. The file is empty." in page


@pytest.mark.slow
def test_a_hostile_file_is_refused_with_the_reason(portal: Portal, tmp_path: Path) -> None:
    secret = raw_disk(tmp_path / "secret.raw")
    hostile = tmp_path / "hostile.qcow2"
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", hostile])
    browser = portal.browser()
    id = sent(portal, browser, hostile.read_bytes(), "hostile.qcow2")

    page = browser.get(f"/import/{id}")
    answer = portal.post(browser, f"/import/{id}", status=400, **chosen())

    assert "This file is refused." in text_of(page)
    assert "qemu-img convert" in text_of(page)  # the remedy
    assert "Create the version" not in text_of(page)
    assert "backing" in text_of(answer).lower() or "not safe" in text_of(answer)
    portal.post(browser, f"/import/{id}/remove")
    assert portal.services.uploads.all() == []


def test_bad_input_gives_the_form_back_with_the_message(portal: Portal) -> None:
    portal.installation.run(portal.installation.begin_import("linux", disk_bytes(MIB)))
    browser = portal.browser()
    id = sent(portal, browser, disk_bytes(MIB))

    def refused(**fields: Any) -> httpx.Response:
        return portal.post(browser, f"/import/{id}", status=400, **chosen(**fields))

    nameless = refused(name=" ", os_state="Specialized", version="3.0.0")
    assert "The image needs a name." in text_of(nameless)
    assert 'name="version" value="3.0.0"' in nameless.text
    assert re.search(r'value="Specialized" checked', nameless.text)
    taken = refused(target="existing", image=version_id("linux").parent.key, proposed="1.0.1")
    assert "Version 1.0.0 exists already. Use another number, such as 1.0.1." in text_of(taken)
    assert "'1.0' is not a version." in text_of(refused(version="1.0"))
    assert "No image is chosen." in text_of(refused(target="existing", image=""))
    assert portal.begun.ids == []


def test_an_unfinished_file_waits_on_the_page(portal: Portal) -> None:
    browser, content = portal.browser(), disk_bytes(4 * MIB)
    id = announce(portal, browser, len(content), "big.raw")
    append(portal, browser, id, content[: MIB + 7])

    listed = text_of(browser.get("/import"))
    assert "big.raw" in listed
    assert "1 MB of 4 MB" in listed
    assert "Choose the same file again to continue" in listed
    alone = text_of(browser.get(f"/import/{id}"))
    assert "1 MB of 4 MB have arrived." in alone
    assert "Create the version" not in alone
    early = portal.post(browser, f"/import/{id}", status=409, **chosen())
    assert "The file has not arrived as a whole yet." in text_of(early)
    assert append(portal, browser, id, content[MIB + 7 :], MIB + 7).status_code == 204
    assert "4 MB, complete" in text_of(browser.get("/import"))
    portal.post(browser, f"/import/{id}/remove")
    assert "big.raw" not in text_of(browser.get("/import"))


def test_files_are_their_owners_alone(portal: Portal) -> None:
    browser, other = portal.browser(), portal.browser("educator")
    id = sent(portal, browser, disk_bytes(MIB))

    assert other.get(f"/import/{id}").status_code == 404
    portal.post(other, f"/import/{id}/remove", status=404)
    assert "disk.raw" not in text_of(other.get("/import"))


def test_a_file_that_is_used_cannot_be_removed(portal: Portal) -> None:
    browser = portal.browser()
    id = sent(portal, browser, disk_bytes(MIB))
    portal.post(browser, f"/import/{id}", **chosen())

    assert "being made into version 1.0.0" in text_of(browser.get(f"/import/{id}"))
    assert "Is being made into Linux-for-algebra 1.0.0" in text_of(browser.get("/import"))
    answer = portal.post(browser, f"/import/{id}/remove", status=409)
    assert "being made into version 1.0.0 of 'Linux-for-algebra' already" in text_of(answer)


def test_who_may_not_import_is_told_who_may(portal: Portal) -> None:
    page = text_of(portal.browser("educator").get("/import"))

    assert "There is no gallery here in which you can make images." in page
    assert "Admin can do this." in page
    assert "Choose a file" not in page
    browser = portal.browser("educator")
    refused = browser.post(UPLOADS, headers=headers_of(portal, browser) | {"Upload-Length": "1"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed")
    # Whoever may make disks sends files, and makes no images of them.
    assign_role(portal.installation, "educator", "Contributor", GROUP.resource("Microsoft.Compute", "disks", "own").key)
    id = sent(portal, browser, disk_bytes(MIB))
    assert "There is no gallery here" in text_of(browser.get(f"/import/{id}"))
    portal.post(browser, f"/import/{id}", status=400, **chosen())
    assert portal.begun.ids == []


def test_uploads_are_accepted_from_own_pages_only(portal: Portal) -> None:
    browser, length = portal.browser(), {"Upload-Length": "10"}
    good = headers_of(portal, browser) | length

    strange = portal.stranger().post(UPLOADS, headers=good)
    without = browser.post(UPLOADS, headers={key: good[key] for key in good if key != "X-CSRF-Token"})
    elsewhere = browser.post(UPLOADS, headers=good | {"Origin": "https://evil.example"})

    assert (strange.status_code, strange.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert (without.status_code, without.json()["error"]["code"]) == (403, "FormRefused")
    assert elsewhere.status_code == 403
    assert browser.post(UPLOADS, headers=good).status_code == 201


def test_pages_speak_portuguese(portal: Portal) -> None:
    browser = portal.browser(language="pt-BR")
    id = sent(portal, browser, disk_bytes(MIB))

    assert title_of(browser.get("/import")) == "Importar uma imagem"
    page = text_of(browser.get(f"/import/{id}"))
    assert "O que há no arquivo" in page
    assert "Especializada" in page
    answer = portal.post(browser, f"/import/{id}", status=400, **chosen(version="1.0"))
    assert "não é uma versão" in text_of(answer)
