"""The class that tests of students' machines begin with."""

import pytest

from tests.prepared_installations import MakeInstallation, with_lab
from tests.workflows.classes.a_class import Class, fill


@pytest.fixture
def algebra(new_installation: MakeInstallation) -> Class:
    """A lab for eight, whose template holds MARK."""
    return fill(new_installation(with_lab))
