import shutil

import pytest

from tests.grading import minicourse
from tipslib.grading.course import Course
from tipslib.grading.release import release


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A released course, to be copied: releasing takes seconds."""
    made = minicourse.make_course(tmp_path_factory.mktemp("template") / "course")
    release(made, minicourse.NAME)
    return made.root


@pytest.fixture
def course(template, tmp_path):
    """A small released course."""
    return Course(shutil.copytree(template, tmp_path / "course"))


@pytest.fixture
def released(course):
    """Its released notebook."""
    return course.released(minicourse.NAME)[minicourse.NAME]
