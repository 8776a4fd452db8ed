import pytest

from tests.grading import minicourse
from tipslib.grading.release import release


@pytest.fixture
def course(tmp_path):
    """A small released course."""
    made = minicourse.make_course(tmp_path / "course")
    release(made, minicourse.NAME)
    return made


@pytest.fixture
def released(course):
    """Its released notebook."""
    return course.released(minicourse.NAME)[minicourse.NAME]
