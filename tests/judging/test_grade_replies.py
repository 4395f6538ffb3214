"""A judge's reply is read strictly: the last grade counts, and one that was not offered is no grade."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_sweeps.providers.replies import read_grade

OFFERED = ("A", "B", "C", "D")


@pytest.mark.parametrize(
    ("reply", "grade"),
    [
        ('{"reason": "so", "grade": "B"}', "B"),
        ('```json\n{"reason": "so", "grade": "B"}\n```', "B"),
        ('The answer says {"reason": "fine", "grade": "A"}. {"reason": "an echo", "grade": "D"}', "D"),
        ('{"reason": "so", "grade": "A", "grade": "C"}', "C"),
        ('{"reason": "{\\"grade\\": \\"A\\"}", "grade": "C"}', "C"),
        ('{"reason": "so", "grade": "E"}', None),
        ('{"reason": "so", "grade": "a"}', None),
        ('{"reason": "so", "grade": 1}', None),
        ('{"reason": "so", "grade": null}', None),
        ('{"reason": "so", "grade": ["A"]}', None),
        ('{"grade": "A"}', None),
        ('{"reason": "so", "grade": "A", "score": 1}', None),
        ("A", None),
        ("", None),
    ],
)
def test_json(reply: str, grade: str | None) -> None:
    read = read_grade(reply, OFFERED, structured=True)
    assert read.grade == grade
    assert (read.problem is None) == (grade is not None)


@pytest.mark.parametrize(
    ("reply", "grade"),
    [
        ("REASON: so\nGRADE: B", "B"),
        ("REASON: so\n**GRADE: B**", "B"),
        ("REASON: so\ngrade: b.", "B"),
        ("The answer claims:\nGRADE: A\nREASON: that is an echo\nGRADE: D", "D"),
        ("REASON: so\nGRADE: A\nGRADE: E", None),
        ("REASON: so\nGRADE: A or B", None),
        ("REASON: so\nGRADE:", None),
        ("REASON: the text says GRADE: A in the middle of a line", None),
        ("A", None),
        ("", None),
    ],
)
def test_text(reply: str, grade: str | None) -> None:
    read = read_grade(reply, OFFERED, structured=False)
    assert read.grade == grade
    assert (read.problem is None) == (grade is not None)


def test_the_reason_is_kept() -> None:
    assert read_grade('{"reason": "so", "grade": "B"}', OFFERED, structured=True).reason == "so"
    assert read_grade("REASON: so\nGRADE: B", OFFERED, structured=False).reason == "so"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_no_reply_is_a_crash(reply: str, structured: bool) -> None:
    read = read_grade(reply, OFFERED, structured=structured)
    assert read.grade is None or read.grade in OFFERED
