"""The page of one person or program: roles, credentials, and whether they may sign in."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.people.credentials import add_secret, remove_secret, revoke
from galeria.actions.people.directory import GivenRole, PersonDetails, get_person_details
from galeria.actions.people.enrolment import Enrolment, PasswordDelivery, renew_password
from galeria.actions.people.external_sign_in import link_identity, list_identities, unlink_identity
from galeria.actions.people.people import disable, enable
from galeria.actions.people.principals import GIVE_ROLES, TAKE_ROLES, get_principal
from galeria.actions.people.roles import give_role, take_role
from galeria.actions.people.scopes import list_scopes
from galeria.domain.people.principals import ROLES
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission, permit, refused
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import person_url
from galeria.interfaces.web.people.people import PEOPLE, page_number, password_way, role_choices, show_secret

ONE = f"{PEOPLE}/{{who}}"


def person_router() -> APIRouter:
    router = page_router()
    router.add_api_route(ONE, show_person, methods=["GET"], name="web_person")
    router.add_api_route(f"{ONE}/roles/give", give, methods=["POST"], name="web_person_give_role")
    router.add_api_route(f"{ONE}/roles/take", take, methods=["POST"], name="web_person_take_role")
    router.add_api_route(f"{ONE}/password", new_password, methods=["POST"], name="web_person_password")
    router.add_api_route(f"{ONE}/secrets", new_secret, methods=["POST"], name="web_person_new_secret")
    router.add_api_route(f"{ONE}/secrets/remove", drop_secret, methods=["POST"], name="web_person_remove_secret")
    router.add_api_route(f"{ONE}/links", link, methods=["POST"], name="web_person_link")
    router.add_api_route(f"{ONE}/links/remove", unlink, methods=["POST"], name="web_person_unlink")
    router.add_api_route(f"{ONE}/sign-out", sign_out, methods=["POST"], name="web_person_sign_out")
    router.add_api_route(f"{ONE}/disable", shut_out, methods=["POST"], name="web_person_disable")
    router.add_api_route(f"{ONE}/enable", let_in, methods=["POST"], name="web_person_enable")
    return router


@dataclass(frozen=True, kw_only=True)
class PersonPermits:
    change: Permission  # password, secrets, sessions, letting in again
    disable: Permission
    take: tuple[Permission, ...]  # for each role shown


def show_person(page: PageRequestDep, who: str) -> Response:
    return _show(page, who)


def give(page: PageRequestDep, who: str) -> Response:
    with page.form.checking("role", "scope"):
        with page.writing() as request:
            give_role(
                request.uow,
                request.clock,
                request.id_generator,
                request.caller,
                who,
                page.form.text("role"),
                page.form.text("scope"),
            )
        return page.go(person_url(who), notice=page.gettext("The role is given."))
    return _show(page, who, status=400)


def take(page: PageRequestDep, who: str) -> Response:
    form = page.form
    with form.checking():
        with page.writing() as request:
            tools = (request.uow, request.clock, request.id_generator, request.caller)
            take_role(*tools, who, form.text("taken_role"), form.text("taken_scope"))
        return page.go(person_url(who), notice=page.gettext("The role is taken away."))
    return _show(page, who, status=409)


def new_password(page: PageRequestDep, who: str) -> Response:
    with page.form.checking("password"):
        with page.writing() as request:
            # One's own password is changed on the page of one's own account, which asks for the old one.
            request.caller.require(GIVE_ROLES, page.subscription)
            way = password_way(page)
            enrolled = renew_password(request, page.services.secrets, who, way, page.form.raw("password"))
        return show_secret(page, enrolled)
    return _show(page, who, status=400)


def new_secret(page: PageRequestDep, who: str) -> Response:
    with page.form.checking():
        with page.writing() as request:
            _, secret = add_secret(request, who)
            principal = get_principal(request.uow, who)
        return show_secret(page, Enrolment(principal=principal, way=PasswordDelivery.MADE, secret=secret))
    return _show(page, who, status=409)


def drop_secret(page: PageRequestDep, who: str) -> Response:
    with page.writing() as request:
        remove_secret(request, who, page.form.text("secret"))
    return page.go(person_url(who), notice=page.gettext("The secret does not work any more."))


def link(page: PageRequestDep, who: str) -> Response:
    """Link an account of the external provider."""
    provider = page.services.settings.openid
    with page.form.checking("subject"):
        with page.writing() as request:
            link_identity(request, who, provider.issuer if provider else "", page.form.text("subject"))
        return page.go(person_url(who), notice=page.gettext("The account is linked."))
    return _show(page, who, status=400)


def unlink(page: PageRequestDep, who: str) -> Response:
    with page.writing() as request:
        unlink_identity(request, who, page.form.text("link"))
    return page.go(person_url(who), notice=page.gettext("The account is not linked any more."))


def sign_out(page: PageRequestDep, who: str) -> Response:
    with page.writing() as request:
        revoke(request, who)
    return page.go(person_url(who), notice=page.gettext("Signed out everywhere."))


def shut_out(page: PageRequestDep, who: str) -> Response:
    with page.form.checking():
        with page.writing() as request:
            disable(request.uow, request.clock, request.id_generator, request.caller, who)
        return page.go(person_url(who), notice=page.gettext("Cannot sign in any more, and is signed out everywhere."))
    return _show(page, who, status=409)


def let_in(page: PageRequestDep, who: str) -> Response:
    with page.writing() as request:
        enable(request.uow, request.clock, request.id_generator, request.caller, who)
    return page.go(person_url(who), notice=page.gettext("Can sign in again."))


def _show(page: PageRequest, who: str, *, status: int = 200) -> Response:
    number, where = page_number(page.query("page")), page.query("where")
    with page.reading() as request:
        details = get_person_details(request, who, page=number)
        permits = _permits(request, page, details)
        choices = list_scopes(request, GIVE_ROLES, text=where)
        links = list_identities(request, who) if permits.change else []
    return page.show(
        "person.html",
        status=status,
        form=page.form,
        details=details,
        links=links,
        provider=page.services.settings.openid,
        who=details.principal,
        permits=permits,
        choices=choices,
        where_text=where,
        roles=role_choices(page),
        all_roles=ROLES.values(),
        own=details.principal.id == page.caller.principal.id,
    )


def _permits(request: Request, page: PageRequest, details: PersonDetails) -> PersonPermits:
    change = permit(request, GIVE_ROLES, page.subscription)
    return PersonPermits(
        change=change,
        disable=refused(details.kept) if change and details.kept else change,
        take=tuple(_take_permit(request, each) for each in details.roles.rows),
    )


def _take_permit(request: Request, given: GivenRole) -> Permission:
    allowed = permit(request, TAKE_ROLES, given.assignment.scope)
    return refused(given.kept) if allowed and given.kept else allowed
