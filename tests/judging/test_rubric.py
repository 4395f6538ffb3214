"""A rubric is three verdicts with anchored grades; what is wrong with a user's own is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rag_sweeps.errors import InputError
from rag_sweeps.parameters import MODEL_VERDICTS
from rag_sweeps.prompts.files import read_prompt
from rag_sweeps.prompts.rubric import read_rubric


def test_the_shipped_rubric_has_every_verdict_in_even_steps() -> None:
    rubric = read_rubric("judge/1")
    assert tuple(rubric.criteria) == MODEL_VERDICTS
    for criterion in rubric.criteria.values():
        assert list(criterion.grades) == ["A", "B", "C", "D"]
        assert list(criterion.grades.values()) == pytest.approx([1, 2 / 3, 1 / 3, 0])
        assert all(criterion.anchors.values())


def own(folder: Path, **changes: object) -> str:
    document = yaml.safe_load(read_prompt("judge/1", kind="judge").text)
    path = folder / "rubric.yaml"
    path.write_text(yaml.safe_dump(document | changes, sort_keys=False), encoding="utf-8")
    return str(path)


def verdict(**changes: object) -> dict[str, object]:
    return {"task": "Judge it.", "grades": {"yes": "it is", "no": "it is not"}} | changes


def test_an_own_rubric_may_have_other_grades(tmp_path: Path) -> None:
    path = own(tmp_path, verdicts={name: verdict() for name in MODEL_VERDICTS})
    assert dict(read_rubric(path).criteria["correctness"].grades) == {"yes": 1.0, "no": 0.0}
    assert read_rubric(path).revision != read_rubric("judge/1").revision


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"introduction": ""}, "introduction"),
        ({"verdicts": {"correctness": verdict()}}, "groundedness"),
        ({"verdicts": {name: verdict(grades={"A": "only"}) for name in MODEL_VERDICTS}}, "grades"),
        ({"verdicts": {name: verdict(grades={"a": "x", "A": "y"}) for name in MODEL_VERDICTS}}, "only in case"),
        ({"verdicts": {name: verdict(task=None) for name in MODEL_VERDICTS}}, "task"),
        ({"extra": 1}, "extra"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    path = own(tmp_path, **changes)
    with pytest.raises(InputError, match=message) as caught:
        read_rubric(path)
    assert path in str(caught.value)


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rubric.yaml"
    path.write_text("verdicts: [", encoding="utf-8")
    with pytest.raises(InputError, match="not YAML"):
        read_rubric(str(path))
