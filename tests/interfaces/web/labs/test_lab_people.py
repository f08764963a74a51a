"""The people of a lab: the link with its code, lists that are looked at before they are used, invitations, removal."""

import io
import zipfile
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.actions.rosters.lab_users import add_users
from galeria.actions.rosters.machine_claims import join_lab
from galeria.domain.labs.roster import InvitationState, LabUser
from galeria.domain.people.mail import MailSettings
from galeria.domain.settings import Settings
from galeria.domain.states import OperationStatus
from tests.interfaces.web.served import NewPortal, Portal, serving, text_of
from tests.interfaces.web.students.classes import ALGEBRA, with_class
from tests.prepared_installations import PreparedInstallations

PEOPLE = "/labs/campus/algebra/people"
MAIL = Settings(mail=MailSettings(host="mail.example.org", sender="labs@example.org"))


@pytest.fixture
def classroom(new_portal: NewPortal) -> Portal:
    return new_portal(with_class)


@pytest.fixture
def browser(classroom: Portal) -> httpx.Client:
    return classroom.browser("educator")


def roster(portal: Portal) -> list[LabUser]:
    with portal.installation.context.database(reading=True) as uow:
        return uow.lab_users.of_lab(uow.labs.get_by_key(ALGEBRA.key).id)


def send_file(
    portal: Portal, browser: httpx.Client, data: bytes, name: str = "list.csv", **fields: str
) -> httpx.Response:
    form = {"csrf": portal.token(browser, PEOPLE), **fields}
    return browser.post(f"{PEOPLE}/file", data=form, files={"file": (name, data)}, headers=portal.own_origin)


def test_the_link_is_there_to_be_copied_scanned_and_printed(classroom: Portal, browser: httpx.Client) -> None:
    link = f"{classroom.services.endpoint}/register/abcdefghij"
    page = browser.get(PEOPLE)
    assert f'<pre id="register-link">{link}</pre>' in page.text
    assert "Everybody who can sign in here and has this link can register. 0 of 2 places are taken." in text_of(page)
    for each in (page, browser.get(f"{PEOPLE}/link")):
        assert '<svg role="img"' in each.text
        assert "<title>QR code of the registration link</title>" in each.text
        assert "style=" not in each.text, "the pages' policy lets no styles stand in attributes"
    assert link in text_of(browser.get(f"{PEOPLE}/link"))


def test_a_list_is_shown_before_it_is_used(classroom: Portal, browser: httpx.Client) -> None:
    with classroom.installation.request("educator") as request:
        add_users(request, ALGEBRA, ["ana@example.org"])
    pasted = "Nome;E-mail\nAna;ana@example.org\nBia Lima;bia@example.org\n;caio@\n"
    seen = classroom.post(browser, f"{PEOPLE}/text", status=200, page=PEOPLE, people=pasted)
    assert "1 person is new. 1 is in the lab already. 1 line is not used." in text_of(seen)
    assert "Line 4: 'caio@' is no e-mail address." in text_of(seen)
    assert len(roster(classroom)) == 1, "nothing was done yet"

    people = "email;name\r\nbia@example.org;Bia Lima\r\n"
    assert f'value="{people}"' in seen.text.replace("&#13;", "\r").replace("&#10;", "\n")
    for _ in range(2):  # a second time nobody is new
        classroom.post(browser, f"{PEOPLE}/add", page=PEOPLE, people=people)
    assert sorted((each.email, each.display_name) for each in roster(classroom)) == [
        ("ana@example.org", ""),
        ("bia@example.org", "Bia Lima"),
    ]
    assert "Bia Lima" in text_of(browser.get(PEOPLE))
    found = text_of(browser.get(f"{PEOPLE}?q=lima"))
    assert "bia@example.org" in found
    assert "ana@example.org" not in found


def test_a_file_is_read_as_csv_or_as_one_roster(classroom: Portal, browser: httpx.Client) -> None:
    table = "E-mail;Nome completo\r\nbia@example.org;Bia Conceição\r\n".encode("utf-16")
    assert "Bia Conceição" in text_of(send_file(classroom, browser, table))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("users.csv", "sourcedId,givenName,familyName,email\nu1,Caio,Melo,caio@example.org\n")
        made.writestr("enrollments.csv", "sourcedId,classSourcedId,userSourcedId,role\ne1,c1,u1,student\n")
    assert "Caio Melo" in text_of(send_file(classroom, browser, packed.getvalue(), "roster.zip", class_id="c1"))
    none = text_of(send_file(classroom, browser, packed.getvalue(), "roster.zip", class_id="c2"))
    assert "0 people are new." in none


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "The file is empty."), (b"\x89PNG\0\0\0\0\0\0 not a list\0", "The file is no text.")]
)
def test_a_file_that_cannot_be_used_says_so_beside_the_field(
    classroom: Portal, browser: httpx.Client, data: bytes, words: str
) -> None:
    answer = send_file(classroom, browser, data)
    assert answer.status_code == 400
    assert words in text_of(answer)


def test_files_are_taken_where_a_form_has_one_and_from_nobody_else(classroom: Portal, browser: httpx.Client) -> None:
    form = {"csrf": classroom.token(browser, PEOPLE), "people": "x"}
    answer = browser.post(f"{PEOPLE}/text", data=form, files={"file": ("x", b"x")}, headers=classroom.own_origin)
    assert answer.status_code == 400
    stranger = classroom.stranger()
    refused = stranger.post(f"{PEOPLE}/file", files={"file": ("x", b"x")}, headers=classroom.own_origin)
    assert refused.status_code in (303, 400, 403)


def test_more_than_fit_are_not_added(classroom: Portal, browser: httpx.Client) -> None:
    many = "\n".join(f"s{number}@example.org" for number in range(401))
    seen = classroom.post(browser, f"{PEOPLE}/text", status=200, page=PEOPLE, people=many)
    assert "The lab has room for 400 more people." in text_of(seen)
    assert f'{PEOPLE}/add"' not in seen.text or "Add 401 people" not in text_of(seen)
    classroom.post(browser, f"{PEOPLE}/add", status=409, page=PEOPLE, people=many)
    assert roster(classroom) == []


def test_without_mail_there_is_a_text_to_copy(classroom: Portal, browser: httpx.Client) -> None:
    page = text_of(browser.get(PEOPLE))
    assert "This server sends no mail" in page
    assert f"Sign in and register here: {classroom.services.endpoint}/register/abcdefghij" in page
    answer = classroom.post(browser, f"{PEOPLE}/invite", status=400, page=PEOPLE)
    assert "This installation sends no mail." in text_of(answer)


def test_all_who_have_not_registered_are_invited_at_once(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> None:
    with serving(tmp_path / "mail", prepared_installations, token_key, prepare=with_class, settings=MAIL) as portal:
        browser = portal.browser("educator")
        with portal.installation.request("educator") as request:
            add_users(request, ALGEBRA, ["ana@example.org", "bia@example.org"])
        assert "2 people have not registered yet." in text_of(browser.get(PEOPLE))
        portal.post(browser, f"{PEOPLE}/{roster(portal)[0].name}/invite", page=PEOPLE)
        portal.post(browser, f"{PEOPLE}/invite", page=PEOPLE, note="Até segunda!", language="pt-BR")
        assert "1 invitation is being sent." in text_of(browser.get(PEOPLE))
        assert {each.invitation for each in roster(portal)} == {InvitationState.SENDING}
        with portal.installation.context.database(reading=True) as uow:
            assert {uow.invitations.get(each.id).language for each in roster(portal)} == {"en", "pt-BR"}


def test_whoever_is_removed_loses_the_machine_after_a_question(classroom: Portal, browser: httpx.Client) -> None:
    with classroom.installation.request("nobody") as request:
        join_lab(request, "abcdefghij")
    (user,) = roster(classroom)
    asked = browser.get(f"{PEOPLE}/{user.name}/remove")
    assert "The machine vm1 is taken away and made anew for somebody else." in text_of(asked)
    classroom.post(browser, f"{PEOPLE}/{user.name}/remove", page=PEOPLE)
    assert roster(classroom) == []
    assert classroom.work()[0].status is OperationStatus.SUCCEEDED
