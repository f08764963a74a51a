"""Places that a new kind of resource has to be entered in, and that nothing else would ask for."""

from galeria.actions.core.resources import TYPES
from galeria.adapters.db.database_errors import NAMES_OF_TABLES
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.resources import Resource
from galeria.interfaces.arm.platform.providers import PROVIDERS
from galeria.ports.database import UnitOfWork

# They go with the lab that they belong to, and are neither locked nor tagged by themselves.
PARTS_OF_LABS = {"LabUser", "Schedule", "LabDraft"}


def kinds() -> set[str]:
    """The names of all classes of resources that stand by themselves."""
    map_classes()
    found: set[str] = set()
    left: list[type[Resource]] = [Resource]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if not kind.__subclasses__():
            found.add(kind.__name__)
    return found - PARTS_OF_LABS - {"ResourceGroup"}


def test_every_kind_of_resource_goes_with_its_group_and_can_be_locked_and_tagged() -> None:
    assert len(kinds()) == len(TYPES), (sorted(kinds()), sorted(TYPES))
    assert all(hasattr(UnitOfWork, attribute) for attribute in TYPES.values())


def test_every_kind_of_resource_is_registered_with_its_provider() -> None:
    known = {f"{namespace}/{type}".lower() for namespace, types in PROVIDERS.items() for type in types}

    assert not set(TYPES) - known


def test_what_exists_already_is_named_in_peoples_words() -> None:
    with_keys = {table.name for table in metadata.tables.values() if {"key", "resource_id"} <= set(table.c.keys())}

    assert not with_keys - set(NAMES_OF_TABLES), "add the table's word to database_errors.py"
