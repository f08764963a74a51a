"""The link that an educator gives out: who comes by it has a machine two presses later, or is told why not."""

import httpx

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.rosters.lab_users import add_users
from tests.interfaces.web.served import NewPortal, Portal, text_of, title_of
from tests.local_installation import PASSWORD, lab_id, secrets
from tests.prepared_installations import with_lab

LINK = "/register/abcdefghij"
ALGEBRA = lab_id("algebra")


def register(portal: Portal, browser: httpx.Client, *, status: int = 303) -> httpx.Response:
    return portal.post(browser, LINK, status=status)


def settings(portal: Portal, said: LabSettings) -> None:
    with portal.installation.request("educator") as request:
        update_lab(request, ALGEBRA, said, secrets())


def test_who_signs_in_comes_back_to_the_link_and_has_a_machine_two_presses_later(classroom: Portal) -> None:
    browser = classroom.stranger()
    away = browser.get(LINK)
    assert away.headers["location"] == "/sign-in?next=%2Fregister%2Fabcdefghij"
    back = classroom.post(
        browser, "/sign-in", page=away.headers["location"], name="nobody", password=PASSWORD, next=LINK
    )
    assert back.headers["location"] == LINK

    asked = browser.get(LINK)
    assert title_of(asked) == "Álgebra linear"
    assert "You get a machine of your own in this lab, as Nobody." in text_of(asked)
    assert "has no machine" not in text_of(asked)
    assert register(classroom, browser).headers["location"] == "/machines"
    machines = browser.get("/machines")
    assert "You have a machine in “Álgebra linear”." in text_of(machines)
    assert browser.get(LINK).headers["location"] == "/machines", "a second time there is nothing to ask"


def test_opening_the_link_alone_does_nothing(classroom: Portal) -> None:
    assert classroom.browser("nobody").get(LINK).status_code == 200
    with classroom.installation.request() as request:
        assert request.uow.lab_users.of_lab(request.uow.labs.get_by_key(ALGEBRA.key).id) == []


def test_a_wrong_code_is_told(classroom: Portal) -> None:
    answer = classroom.browser("nobody").get("/register/zzzzzzzzzz")
    assert answer.status_code == 404
    assert "No lab has this registration code. Check it, or ask the lab's educator for it." in text_of(answer)


def test_who_is_not_expected_is_told_as_whom_they_came(classroom: Portal) -> None:
    settings(classroom, LabSettings(open_access=False))
    for browser, words in (
        (classroom.browser("nobody"), "does not expect 'nobody'. Ask its educator to add you to the users"),
        (classroom.browser("nobody", "pt-BR"), "não espera 'nobody'"),
    ):
        answer = browser.get(LINK)
        assert answer.status_code == 403
        assert words in text_of(answer)
        assert 'action="/register' not in answer.text
    register(classroom, classroom.browser("nobody"), status=403)


def test_the_last_place_goes_to_one_and_the_next_is_told(classroom: Portal) -> None:
    settings(classroom, LabSettings(capacity=1))
    first, second = classroom.browser("nobody"), classroom.browser("colleague")
    assert second.get(LINK).status_code == 200
    register(classroom, first)
    late = register(classroom, second, status=409)
    assert "The lab 'Álgebra linear' is full. Ask its educator for more capacity." in text_of(late)
    assert second.get(LINK).status_code == 409


def test_a_lab_that_is_not_published_says_when_to_come_back(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    settings(portal, LabSettings(capacity=2, open_access=True))
    with portal.installation.request() as request:
        code = request.uow.labs.get_by_key(ALGEBRA.key).registration_code
    answer = portal.browser("nobody").get(f"/register/{code}")
    assert answer.status_code == 409
    assert "Come back when its educator has published it." in text_of(answer)


def test_who_is_listed_registers_where_access_is_not_open(classroom: Portal) -> None:
    settings(classroom, LabSettings(open_access=False))
    with classroom.installation.request() as request:
        request.uow.people.get(classroom.installation.people["nobody"].id).name = "nobody@example.org"
    with classroom.installation.request("educator") as request:
        add_users(request, ALGEBRA, ["Nobody@Example.org"])
    register(classroom, classroom.browser("nobody@example.org"))
