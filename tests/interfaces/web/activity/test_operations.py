"""The list of operations in a browser."""

import re
from collections.abc import Iterable

from galeria.adapters.system import RandomIdGenerator
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.domain.states import OperationStatus
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import GALLERY, SUBSCRIPTION, lab_id
from tests.prepared_installations import with_linux, with_running_lab
from tests.questions import counted


def keep_begun(portal: Portal, people: Iterable[str]) -> None:
    """An operation by each of these people, who are added; "" is somebody who is gone."""
    id_generator, now = RandomIdGenerator(), portal.services.clock.now()
    with portal.services.database() as uow:
        for number, name in enumerate(people):
            id = id_generator.new_guid()
            if name:
                person = Principal(
                    id=id,
                    kind=PrincipalKind.USER,
                    name=f"{name}-{number}",
                    display_name=name,
                    secret_hash="",
                    created_at=now,
                )
                uow.people.add(person)
            work = Operation(
                id=id_generator.new_guid(),
                kind=OperationKind.CREATE_LAB,
                status=OperationStatus.SUCCEEDED,
                subscription_id=SUBSCRIPTION,
                location="brazilsouth",
                resource_id=str(lab_id(f"lab-{number}")),
                subject=id_generator.new_id(),
                started_by=id,
                created_at=now,
            )
            uow.operations.add(work)
        uow.commit()


def test_the_list_says_what_was_begun_on_what_and_by_whom(portal: Portal) -> None:
    keep_begun(portal, ["Ana Prado", ""])
    browser = portal.browser(language="pt-BR")

    page = text_of(browser.get("/operations"))

    assert "Criar o laboratório lab-0 Com êxito Ana Prado" in page
    assert "Criar o laboratório lab-1 Com êxito –" in page


def test_many_operations_of_many_people_take_no_more_questions_than_one(portal: Portal) -> None:
    browser = portal.browser()
    keep_begun(portal, ["Ana"])
    with counted() as few:
        assert browser.get("/operations").text.count("<time") == 1
    keep_begun(portal, [f"Person {number}" for number in range(99)])

    with counted() as many:
        assert browser.get("/operations").text.count("<time") == 100

    assert len(many) == len(few)


def test_operations_name_a_lab_by_its_title_as_well(new_portal: NewPortal) -> None:
    portal = new_portal(with_running_lab)
    with portal.installation.request() as request:
        request.uow.labs.get_by_key(lab_id("algebra").key).title = "Álgebra linear"
    browser = portal.browser("educator")

    listed = browser.get("/operations")

    assert text_of(listed).count("Álgebra linear (algebra)") == 2  # of the lab, and of its machine
    (place, *_) = re.findall(r'href="(/operations/[^"]+)"', listed.text)
    assert "Álgebra linear (algebra) · begun by Educator" in text_of(browser.get(place))


def test_operations_name_an_image_by_its_title_to_those_who_may_read_it(new_portal: NewPortal) -> None:
    portal = new_portal(with_linux)
    with portal.installation.request() as request:
        request.uow.definitions.get_by_key(GALLERY.child("images", "linux").key).display_name = "Linux para álgebra"

    assert "Linux para álgebra 1.0.0" in text_of(portal.browser().get("/operations"))
    assert "Linux para álgebra" not in text_of(portal.browser("nobody").get("/operations"))
