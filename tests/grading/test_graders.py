"""A sample of ``make graders``: known mistakes and accepted alternatives through release, injection and autograding."""

from tools import graders


def test_mistakes_lose_points_and_are_named_and_alternatives_keep_theirs(tmp_path):
    name = "batchnorm"
    given = graders.submissions(name, sample=1)
    found = graders.verdicts(name, given, graders.grade(name, tmp_path, given, workers=1))
    for function, got in found.items():
        assert got["mistakes"], function
        assert got["alternatives"], function
        assert got["named"] == got["mistakes"]
        assert got["accepted"] == got["rejected"] == []


def test_a_wrong_alternative_and_a_right_mistake_are_reported(tmp_path):
    """The report can tell: with the roles of the two banks exchanged, everything is a false verdict."""
    given = graders.submissions("adagrad", sample=1)
    mistakes = given.pop("mistakes 1")
    style = next(key for key in given if key.startswith("style"))
    exchanged = {"style wrong": mistakes, "mistakes right": given[style]}
    found = graders.verdicts("adagrad", exchanged, graders.grade("adagrad", tmp_path, exchanged, workers=1))
    accepted = sorted(version for got in found.values() for version in got["accepted"])
    rejected = sorted(version for got in found.values() for version in got["rejected"])
    assert accepted == sorted(version.__name__ for version in given[style])
    assert rejected == sorted(version.__name__ for version in mistakes)
