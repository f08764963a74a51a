"""People as a long list: outlines of everybody, rows of some."""

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.people.principals import PersonOutline, PrincipalKind
from tests.adapters.db.samples import assignment, new_id, principal


def test_outlines_come_by_display_name_and_some_in_the_order_asked_for(db: SqlDatabase) -> None:
    ana, bia = principal("ana", display_name="ção"), principal("Bia", display_name="Ábaco")
    with db() as uow:
        uow.people.add(ana)
        uow.people.add(bia)
        assert [each.name for each in uow.people.outlines()] == ["Bia", "ana"]
        assert uow.people.outlines()[0] == PersonOutline(
            id=bia.id, name="Bia", display_name="Ábaco", kind=PrincipalKind.USER
        )
        assert uow.people.some([ana.id, new_id(), bia.id]) == [ana, bia]
        assert uow.people.some([]) == []


def test_assignments_of_several_come_in_one_list(db: SqlDatabase) -> None:
    many = [principal(f"person{number}") for number in range(520)]  # more than one question holds
    with db() as uow:
        for each in many:
            uow.people.add(each)
        uow.flush()
        for each in many:
            uow.people.add_assignment(assignment(each, "Reader"))
        uow.flush()
        found = uow.people.assignments_of([each.id for each in many[1:]])
        assert {each.principal_id for each in found} == {each.id for each in many[1:]}
        assert len(uow.people.some([each.id for each in many])) == 520
