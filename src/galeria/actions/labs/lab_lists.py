"""The list of labs that a person may see, by page; the number of queries does not grow with the number of labs."""

from dataclasses import dataclass

from galeria.actions.core.operation_access import visible_operations
from galeria.actions.core.paging import count_pages, page_within
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.domain.operations import Operation
from galeria.domain.people.principals import reach
from galeria.ports.lab_queries import LabCard, LabOutline


@dataclass(frozen=True, kw_only=True)
class LabSearch:
    """The conditions of a search for labs. Pages count from 1."""

    text: str = ""
    page: int = 1
    size: int = 50


@dataclass(frozen=True, kw_only=True)
class ListedLab:
    """A lab as a list shows it. `work` are the operations under way that the caller may see, the oldest first."""

    lab: LabCard
    image: str  # its display name
    owner: str  # the display name of whoever made it
    work: tuple[Operation, ...]


@dataclass(frozen=True, kw_only=True)
class ListedLabs:
    """A page of labs. `found` counts those that match the text, `all` those that the caller may see."""

    labs: tuple[ListedLab, ...]
    found: int
    all: int
    page: int
    pages: int


def search_labs(request: Request, search: LabSearch) -> ListedLabs:
    """Returns a page of the labs that the caller may see, by title. The text is searched in title, name and image."""
    queries = request.uow.lab_queries
    outlines = queries.outlines(reach(request.caller.assignments, f"{LAB}/read"))
    wanted = search.text.casefold().strip()
    chosen = [each for each in outlines if _fits(each, wanted)] if wanted else outlines
    page = page_within(search.page, len(chosen), search.size)
    shown = chosen[(page - 1) * search.size : page * search.size]
    return ListedLabs(
        labs=tuple(_closely(request, shown)),
        found=len(chosen),
        all=len(outlines),
        page=page,
        pages=count_pages(len(chosen), search.size),
    )


def _closely(request: Request, outlines: list[LabOutline]) -> list[ListedLab]:
    images = {each.id: each.image for each in outlines}
    cards = request.uow.lab_queries.cards(list(images))
    own = {lab.id: {lab.id, lab.template or lab.id} for lab in cards}
    under_way = request.uow.operations.working_with(set().union(*own.values()))
    people = {each.id: each.display_name for each in request.uow.people.some(list({each.author_id for each in cards}))}
    listed = []
    for lab in cards:
        seen = tuple(visible_operations(request, (each for each in under_way if each.works_with(own[lab.id]))))
        listed.append(
            ListedLab(lab=lab, image=images[lab.id], owner=people.get(lab.author_id, lab.created_by), work=seen)
        )
    return listed


def _fits(outline: LabOutline, wanted: str) -> bool:
    return any(wanted in each.casefold() for each in (outline.title, outline.name, outline.image))
