"""The link in an invitation: a password, and the machine is there."""

import pytest

from galeria.actions.rosters.lab_users import UserRequest, put_user
from galeria.domain.labs.invitations import UserInvitation
from galeria.domain.people.sign_in import fingerprint
from galeria.interfaces.web.students.places import MY_MACHINES
from tests.interfaces.web.served import NewPortal, Portal, text_of, title_of
from tests.interfaces.web.students.classes import ALGEBRA, with_class
from tests.local_installation import PASSWORD, LocalInstallation

SECRET = "a-secret-that-stands-in-a-mail"
LINK = f"/welcome/lab/{SECRET}"
BIA = "bia@example.org"


def with_invitation(installation: LocalInstallation) -> None:
    """As the mail to bia@example.org leaves it behind."""
    with_class(installation)
    with installation.request("educator") as request:
        user, _ = put_user(request, ALGEBRA, "bia", UserRequest(email=BIA))
        now = request.clock.now()
        request.uow.invitations.add(
            UserInvitation(
                user_id=user.id,
                invited_by=installation.people["educator"].id,
                language="en",
                due_at=now,
                welcome_hash=fingerprint(SECRET),
                welcome_until=now.replace(year=now.year + 1),
            )
        )


@pytest.fixture
def invited(new_portal: NewPortal) -> Portal:
    return new_portal(with_invitation)


def test_who_has_no_account_has_a_machine_after_one_form(invited: Portal) -> None:
    browser = invited.stranger()
    page = browser.get(LINK)
    assert title_of(page) == "Álgebra linear"
    assert f"Your user name is {BIA}" in text_of(page)
    wrong = invited.post(browser, LINK, page=LINK, status=400, new=PASSWORD, again="other")
    assert "The two passwords differ." in text_of(wrong)
    weak = invited.post(browser, LINK, page=LINK, status=400, new="weak", again="weak")
    assert 'id="new-error"' in weak.text

    done = invited.post(browser, LINK, page=LINK, new=PASSWORD, again=PASSWORD, display_name="Bia Lima")
    assert done.headers["location"] == MY_MACHINES
    machines = text_of(browser.get(MY_MACHINES))
    assert "You have a machine in “Álgebra linear”" in machines
    assert "Bia Lima" in machines
    again = invited.stranger().get(LINK)
    assert again.status_code == 404
    assert title_of(again) == "This link does not work any more"

    later = invited.stranger()
    signed_in = invited.post(later, "/sign-in", page="/sign-in", name=BIA, password=PASSWORD)
    assert signed_in.headers["location"] == "/labs"
    assert later.get("/labs").headers["location"] == MY_MACHINES


def test_who_has_an_account_by_now_signs_in_instead(invited: Portal) -> None:
    with invited.installation.request() as request:
        request.uow.people.get(invited.installation.people["nobody"].id).name = BIA
    page = invited.stranger().get(LINK)
    assert "There is an account for bia@example.org already." in text_of(page)
    assert 'href="/register/abcdefghij"' in page.text
    browser = invited.stranger()
    invited.post(browser, LINK, page=LINK, status=200, new=PASSWORD, again=PASSWORD)
    with invited.installation.request() as request:
        assert request.uow.machines.find_free(request.uow.labs.get_by_key(ALGEBRA.key).id) is not None
