"""Labelled answers: the shipped ones cover the scale, and a user's own are read with located errors."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rag_sweeps.errors import InputError
from rag_sweeps.judge_check.labels import read_labels
from rag_sweeps.parameters import MODEL_VERDICTS
from rag_sweeps.prompts.rubric import read_rubric

RUBRIC = read_rubric("judge/1")
GOOD: dict[str, Any] = {
    "id": "a",
    "question": "How many days?",
    "passages": [{"document": "leave.md", "text": "26 days."}],
    "reference": "26",
    "answer": "26 days",
    "grades": {"correctness": "A", "groundedness": "B"},
}


def write(folder: Path, *lines: dict[str, Any] | str) -> Path:
    path = folder / "labels.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_the_shipped_labels_are_many_and_spread_over_all_grades() -> None:
    labels = read_labels(None, RUBRIC)
    assert len(labels) >= 60
    for verdict in MODEL_VERDICTS:
        counts = Counter(round(label.human[verdict], 2) for label in labels if verdict in label.human)
        assert set(counts) == {0.0, 0.33, 0.67, 1.0}
        assert max(counts.values()) <= 0.55 * counts.total()
        assert min(counts.values()) >= 5


def test_an_own_file(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path, GOOD, {**GOOD, "id": "b", "reference": None, "grades": {}}), RUBRIC)
    assert dict(labels[0].human) == pytest.approx({"correctness": 1.0, "groundedness": 2 / 3})
    assert labels[0].item.passages[0].document == "leave.md"
    assert (labels[1].item.question.answer, dict(labels[1].human)) == (None, {})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "labels.jsonl:2: is not JSON"),
        ({**GOOD, "id": "b", "grade": {}}, "labels.jsonl:2: unknown key 'grade'; did you mean 'grades'"),
        ({"id": "b"}, "labels.jsonl:2: 'question' is missing"),
        ({**GOOD, "id": "b", "answer": ""}, "labels.jsonl:2: 'answer'"),
        ({**GOOD, "id": "b", "passages": [{"text": "x"}]}, "labels.jsonl:2: 'passages"),
        ({**GOOD, "id": "b", "grades": {"correctness": "E"}}, "'E'; the rubric offers A, B, C, D"),
        ({**GOOD, "id": "b", "grades": {"corectness": "A"}}, "did you mean 'correctness'"),
        ({**GOOD, "id": "b", "reference": None}, "grades.correctness needs a reference"),
        ({**GOOD, "id": "b", "passages": []}, "grades.groundedness needs passages"),
        (GOOD, "id 'a' occurs twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: dict[str, Any] | str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_labels(write(tmp_path, GOOD, line), RUBRIC)
    assert message in str(caught.value)


def test_a_file_without_a_grade_and_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no graded answer"):
        read_labels(write(tmp_path, {**GOOD, "grades": {}}), RUBRIC)
    with pytest.raises(InputError, match="--labels"):
        read_labels(tmp_path / "nowhere.jsonl", RUBRIC)
