"""Portals of one test alone, with a class."""

import pytest

from tests.interfaces.web.served import NewPortal, Portal
from tests.interfaces.web.students.classes import with_class, with_student


@pytest.fixture
def classroom(new_portal: NewPortal) -> Portal:
    return new_portal(with_class)


@pytest.fixture
def student(new_portal: NewPortal) -> Portal:
    return new_portal(with_student)
