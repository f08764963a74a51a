"""Invitations on their way to a real SMTP server: each is sent once, and every failure is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from galeria.actions.labs.lab_settings import LabSettings
from galeria.actions.rosters.invitations import InvitationRequest, invite_all, invite_user
from galeria.actions.rosters.lab_users import UserRequest, delete_user, put_user
from galeria.actions.rosters.welcomes import accept_welcome, find_welcome
from galeria.adapters.mail import SmtpServer
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound
from galeria.domain.labs.invitations import UserInvitation, next_wait
from galeria.domain.labs.roster import InvitationState, LabUser
from galeria.domain.people.mail import Mail
from galeria.domain.settings import Settings
from galeria.interfaces.web.kit.assets import StaticFiles
from galeria.interfaces.web.kit.rendering import Rendering
from galeria.interfaces.web.mail_texts import PortalMailTexts
from galeria.ports.other_servers.mail import MailServer
from galeria.reconcilers.invitation_mails import send_invitations
from tests.actions.labs.lab_changes import ALGEBRA, change, held
from tests.adapters.mail_server import RunningMailServer, mail_server
from tests.later_clock import Later
from tests.local_installation import PASSWORD, LocalInstallation, secrets
from tests.prepared_installations import MakeInstallation, with_lab
from tests.version_rows import add_student_machine

ENDPOINT = "https://labs.example.org"
BIA = "bia@example.org"
TEXTS = PortalMailTexts(rendering=Rendering(StaticFiles(), Settings()), endpoint=ENDPOINT)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningMailServer]:
    with mail_server(tmp_path) as running:
        yield running


@pytest.fixture
def lab(new_installation: MakeInstallation, server: RunningMailServer) -> LocalInstallation:
    """With the published lab `algebra`, for which bia@example.org is expected, and a machine."""
    installation = new_installation(with_lab).with_settings(Settings(mail=server.settings))
    change(installation, LabSettings(title="Álgebra", capacity=5))
    add_student_machine(installation, "algebra", "vm1", 50_001)
    with installation.request() as request:
        request.uow.labs.get_by_key(ALGEBRA.key).published_at = request.clock.now()
    with installation.request("educator") as request:
        put_user(request, ALGEBRA, "bia", UserRequest(email=BIA))
    return installation


def invite(installation: LocalInstallation, text: str = "", language: str = "en") -> None:
    with installation.request("educator") as request:
        invite_user(request, ALGEBRA, "bia", InvitationRequest(text=text, language=language))


def send(installation: LocalInstallation, server: MailServer | None = None) -> None:
    settings = installation.context.settings.mail
    assert settings is not None
    send_invitations(installation.context, server or SmtpServer(settings), TEXTS)


def state(installation: LocalInstallation) -> tuple[LabUser, UserInvitation]:
    with installation.context.database(reading=True) as uow:
        (user,) = uow.lab_users.of_lab(held(installation).id)
        return user, uow.invitations.get(user.id)


def later(installation: LocalInstallation, by: timedelta) -> LocalInstallation:
    context = installation.context
    return replace(installation, context=replace(context, clock=Later(by, context)))


def body(server: RunningMailServer, number: int = -1) -> str:
    plain = server.box.mails[number][1].get_body(("plain",))
    assert plain is not None
    return str(plain.get_content()).replace("\r\n", "\n")


def test_an_invitation_is_sent_once_with_the_link_and_the_educators_words(
    lab: LocalInstallation, server: RunningMailServer
) -> None:
    invite(lab, "See you on Monday.\nBring <nothing>.")
    assert state(lab)[0].invitation is InvitationState.SENDING
    send(lab)
    send(lab)

    ((to, mail),) = server.box.mails
    assert (to, mail["Subject"]) == (BIA, "Invitation to the lab “Álgebra”")
    text = body(server)
    assert text.startswith("Educator invites you to the lab “Álgebra”.\n")
    assert "See you on Monday.\nBring <nothing>.\n" in text
    assert f"{ENDPOINT}/register/{held(lab).registration_code}\n" in text
    html = mail.get_body(("html",))
    assert html is not None
    assert "<p>Bring &lt;nothing&gt;.</p>" in html.get_content()
    user, invitation = state(lab)
    assert user.invitation is InvitationState.SENT
    assert user.invited_at is not None
    assert (invitation.failure, invitation.begun_at, invitation.tries) == ("", None, 1)


def test_an_invitation_is_in_the_language_that_was_chosen(lab: LocalInstallation, server: RunningMailServer) -> None:
    invite(lab, language="pt-BR")
    send(lab)
    assert server.box.mails[0][1]["Subject"] == "Convite para o laboratório “Álgebra”"
    assert "Educator convida você para o laboratório “Álgebra”." in body(server)


def test_a_refused_address_is_told_and_can_be_invited_again(lab: LocalInstallation, server: RunningMailServer) -> None:
    server.box.answers[BIA] = "550 5.1.1 No such person"
    invite(lab)
    send(lab)
    user, invitation = state(lab)
    assert user.invitation is InvitationState.FAILED
    assert "550 5.1.1 No such person" in invitation.failure

    server.box.answers.clear()
    invite(lab)
    send(lab)
    user, invitation = state(lab)
    assert (user.invitation, invitation.failure, invitation.number) == (InvitationState.SENT, "", 2)


def test_what_is_not_taken_now_is_tried_again_later_and_given_up_after_two_days(
    lab: LocalInstallation, server: RunningMailServer
) -> None:
    server.box.answers[BIA] = "450 4.2.1 Mailbox busy"
    invite(lab)
    send(lab)
    user, invitation = state(lab)
    assert user.invitation is InvitationState.SENDING
    assert "450" in invitation.failure
    send(lab)
    assert state(lab)[1].tries == 1, "it waits first"

    by = timedelta()
    while wait := next_wait(state(lab)[1].tries):
        by += wait + timedelta(seconds=1)
        send(later(lab, by))
    assert timedelta(days=1.9) < by < timedelta(days=2.1)
    assert state(lab)[0].invitation is InvitationState.FAILED
    assert server.box.mails == []


def test_a_mail_that_is_taken_at_the_second_try_is_the_same_mail(
    lab: LocalInstallation, server: RunningMailServer
) -> None:
    server.box.answers["DATA"] = "451 4.3.0 Try later"
    invite(lab)
    send(lab)
    server.box.answers.clear()
    send(later(lab, timedelta(minutes=2)))
    first, second = (mail["Message-ID"] for _, mail in server.box.mails)
    assert first == second
    assert state(lab)[0].invitation is InvitationState.SENT


class Dying(Exception):
    pass


class DyingServer:
    """Stands for a process that dies before or after the mail server has the mail."""

    def __init__(self, server: MailServer | None = None) -> None:
        self._server = server

    def send(self, mail: Mail) -> None:
        if self._server:
            self._server.send(mail)
        raise Dying


@pytest.mark.parametrize("was_sent", [True, False])
def test_after_a_death_in_between_nothing_is_sent_twice_and_the_educator_is_told(
    lab: LocalInstallation, server: RunningMailServer, was_sent: bool
) -> None:
    invite(lab)
    with pytest.raises(Dying):
        send(lab, DyingServer(SmtpServer(server.settings) if was_sent else None))
    send(lab)

    assert len(server.box.mails) == was_sent
    user, invitation = state(lab)
    assert user.invitation is InvitationState.FAILED
    assert "nobody knows whether it was sent" in invitation.failure


def test_a_user_who_is_removed_meanwhile_is_no_fault(lab: LocalInstallation, server: RunningMailServer) -> None:
    invite(lab)

    class Removing:
        def send(self, mail: Mail) -> None:
            with lab.request("educator") as request:
                delete_user(request, ALGEBRA, "bia")

    send(lab, Removing())
    send(lab)
    assert server.box.mails == []


def test_everybody_who_was_not_invited_is_and_the_others_only_when_asked(
    lab: LocalInstallation, server: RunningMailServer
) -> None:
    invite(lab)
    send(lab)
    with lab.request("educator") as request:
        put_user(request, ALGEBRA, "caio", UserRequest(email="caio@example.org"))
    for again, count in ((False, 1), (False, 0), (True, 2)):
        with lab.request("educator") as request:
            assert len(invite_all(request, ALGEBRA, InvitationRequest(), again=again)) == count
        send(lab)
    assert [to for to, _ in server.box.mails] == [BIA, "caio@example.org", BIA, "caio@example.org"]


def test_who_may_not_invite_and_what_cannot_be_sent(lab: LocalInstallation) -> None:
    with pytest.raises(Forbidden), lab.request("colleague") as request:
        invite_user(request, ALGEBRA, "bia", InvitationRequest())
    with pytest.raises(Invalid, match="at most 2000"), lab.request("educator") as request:
        invite_user(request, ALGEBRA, "bia", InvitationRequest(text="x" * 2001))
    without = lab.with_settings(Settings())
    invite(without)
    user, invitation = state(without)
    assert user.invitation is InvitationState.FAILED
    assert "sends no mail" in invitation.failure
    with pytest.raises(Conflict, match="sends no mail"), without.request("educator") as request:
        invite_all(request, ALGEBRA, InvitationRequest())
    send_invitations(without.context, DyingServer(), TEXTS)


def welcome_secret(server: RunningMailServer, number: int = -1) -> str:
    place = f"{ENDPOINT}/welcome/lab/"
    assert place in body(server, number)
    return body(server, number).partition(place)[2].split()[0]


def test_who_has_no_account_makes_one_by_the_link_and_has_a_machine(
    lab: LocalInstallation, server: RunningMailServer
) -> None:
    invite(lab)
    send(lab)
    secret = welcome_secret(server)
    assert secret not in str(vars(state(lab)[1]))

    with pytest.raises(Invalid), lab.requests.anonymous_writing() as request:
        accept_welcome(request, secret, "weak", "Bia", "", secrets())
    with lab.requests.anonymous_writing() as request:
        person = accept_welcome(request, secret, PASSWORD, "Bia Lima", "", secrets())
    assert (person.name, person.display_name) == (BIA, "Bia Lima")
    user, _ = state(lab)
    assert user.principal_id == person.id
    with lab.requests.anonymous_reading() as request:
        assert request.uow.people.assignments(person.id) == []
        assert request.uow.machines.find_claimed(user.id) is not None
        assert find_welcome(request, secret) is None
    with pytest.raises(NotFound, match="used already"), lab.requests.anonymous_writing() as request:
        accept_welcome(request, secret, PASSWORD, "Bia", "", secrets())


def test_a_link_ends_with_the_next_one_and_after_two_weeks(lab: LocalInstallation, server: RunningMailServer) -> None:
    for _ in range(2):
        invite(lab)
        send(lab)
    old, new = welcome_secret(server, 0), welcome_secret(server)
    with lab.requests.anonymous_reading() as request:
        assert find_welcome(request, old) is None
        assert find_welcome(request, new) is not None
    with later(lab, timedelta(days=15)).requests.anonymous_reading() as request:
        assert find_welcome(request, new) is None


def test_who_has_an_account_gets_no_link_to_another(lab: LocalInstallation, server: RunningMailServer) -> None:
    with lab.request() as request:
        request.uow.people.get(lab.people["nobody"].id).name = BIA
    invite(lab)
    send(lab)
    assert "/welcome/" not in body(server)


def test_an_installation_may_make_no_accounts_by_mail(lab: LocalInstallation, server: RunningMailServer) -> None:
    closed = lab.with_settings(Settings(mail=replace(server.settings, new_accounts=False)))
    invite(closed)
    send(closed)
    assert "/welcome/" not in body(server)


def test_a_lab_without_a_machine_makes_no_account(lab: LocalInstallation, server: RunningMailServer) -> None:
    change(lab, LabSettings(capacity=0))
    invite(lab)
    send(lab)
    secret = welcome_secret(server)
    with pytest.raises(Conflict, match="is full"), lab.requests.anonymous_writing() as request:
        accept_welcome(request, secret, PASSWORD, "Bia", "", secrets())
    with lab.requests.anonymous_reading() as request:
        assert request.uow.people.find_by_name(BIA) is None
        assert find_welcome(request, secret) is not None
