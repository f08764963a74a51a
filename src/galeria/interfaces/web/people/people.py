"""The pages of people and roles: everybody who may sign in, and adding people and programs."""

from fastapi import APIRouter, Response

from galeria.actions.people.directory import PeopleSearch, search_people
from galeria.actions.people.enrolment import Enrolment, FirstRole, PasswordDelivery, enrol_person, enrol_program
from galeria.actions.people.principals import GIVE_ROLES
from galeria.actions.people.scopes import ScopeChoices, list_scopes
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import ROLES, PrincipalKind
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import address_of_script, person_url

PEOPLE = "/people"
_KINDS = {"people": PrincipalKind.USER, "programs": PrincipalKind.SERVICE_PRINCIPAL}


def people_router() -> APIRouter:
    router = page_router()
    router.add_api_route(PEOPLE, show_people, methods=["GET"], name="web_people")
    router.add_api_route(f"{PEOPLE}/add/person", ask_person, methods=["GET"], name="web_people_ask_new")
    router.add_api_route(f"{PEOPLE}/add/person", add_person, methods=["POST"], name="web_people_new")
    router.add_api_route(f"{PEOPLE}/add/program", ask_program, methods=["GET"], name="web_people_ask_new_program")
    router.add_api_route(f"{PEOPLE}/add/program", add_program, methods=["POST"], name="web_people_new_program")
    return router


def show_people(page: PageRequestDep) -> Response:
    text, kind = page.query("q"), page.query("kind")
    search = PeopleSearch(text=text, kind=_KINDS.get(kind), page=page_number(page))
    with page.reading() as request:
        found = search_people(request, search)
        add = permit(request, GIVE_ROLES, page.subscription)
    kept = {name: value for name, value in (("q", text), ("kind", kind)) if value}
    return page.show("people.html", found=found, q=text, kind=kind, kept=kept, add=add)


def ask_person(page: PageRequestDep) -> Response:
    return _show_form(page, "person_new.html")


def ask_program(page: PageRequestDep) -> Response:
    return _show_form(page, "program_new.html")


def add_person(page: PageRequestDep) -> Response:
    form = page.form
    with form.checking("name", "display_name", "password", "role", "scope"):
        with page.writing() as request:
            enrolled = enrol_person(
                request,
                form.text("name"),
                form.text("display_name"),
                password_way(page),
                form.raw("password"),
                _first_role(page),
                page.services.secrets,
            )
        return show_secret(page, enrolled)
    return _show_form(page, "person_new.html", status=400)


def add_program(page: PageRequestDep) -> Response:
    form = page.form
    with form.checking("display_name", "role", "scope"):
        with page.writing() as request:
            enrolled = enrol_program(request, form.text("display_name"), _first_role(page), page.services.secrets)
        return show_secret(page, enrolled)
    return _show_form(page, "program_new.html", status=400)


def show_secret(page: PageRequest, enrolled: Enrolment) -> Response:
    """Show a new secret in the answer to the form: it is stored in no address and no cookie."""
    place = person_url(enrolled.principal.name)
    if enrolled.way is PasswordDelivery.TYPED:
        return page.go(place, notice=page.gettext("The password is set."))
    is_link = enrolled.way is PasswordDelivery.LINK
    secret = f"{page.services.endpoint}/welcome/{enrolled.secret}" if is_link else enrolled.secret
    shown = page.show("secret.html", who=enrolled.principal, secret=secret, is_link=is_link, place=place)
    # Opening the page again leads to the person, not to the form that refuses the name as taken.
    shown.headers.update(address_of_script(place))
    return shown


def password_way(page: PageRequest) -> PasswordDelivery:
    """Read how the password is delivered. Raises Invalid."""
    try:
        return PasswordDelivery(page.form.text("way", PasswordDelivery.LINK))
    except ValueError as error:
        raise Invalid(
            Message("This is no way to a password."), hint=Message("Choose one of those that the page offers.")
        ) from error


def role_choices(page: PageRequest) -> list[tuple[str, str]]:
    return [(name, page.say(role.name)) for name, role in ROLES.items()]


def _first_role(page: PageRequest) -> FirstRole:
    return FirstRole(role=page.form.text("role"), scope=page.form.text("scope"))


def _show_form(page: PageRequest, template: str, *, status: int = 200) -> Response:
    with page.reading() as request:
        request.caller.require(GIVE_ROLES, page.subscription.lower())
        choices: ScopeChoices = list_scopes(request, GIVE_ROLES)
    return page.show(
        template, status=status, form=page.form, choices=choices, roles=role_choices(page), all_roles=ROLES.values()
    )
