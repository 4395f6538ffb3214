"""A result is read back as it was written, or not at all."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from conftest import make_params, same

from rag_sweeps.errors import DamagedCacheWarning
from rag_sweeps.golden import GoldenSet
from rag_sweeps.records import (
    Answer,
    Interval,
    QuestionRecord,
    RetrievedPassage,
    TrialCosts,
    TrialResult,
    Verdict,
)
from rag_sweeps.store.files import digest_of
from rag_sweeps.store.results import read_result, result_path, write_result
from rag_sweeps.trial import run_trial

TRIAL_ID = "f" * 64


def result(**changes: object) -> TrialResult:
    whole = TrialResult(
        trial_id=TRIAL_ID,
        split="dev",
        params={"retriever": "bm25", "chunk_size": 32, "embedding_dimensions": None, "query_prompt": "Frage → "},
        golden_digest="d" * 64,
        question_ids=("q1", "ü\u2028\x85\n"),
        per_question={"mrr@10": np.array([1 / 3, np.nan]), "objective": np.array([0.1, 1e-300])},
        metrics={"mrr@10": Interval(1 / 3, 0.0, 1.0, 1), "map@1": Interval(math.nan, math.nan, math.nan, 0)},
        questions=(
            QuestionRecord(
                "q1",
                (RetrievedPassage(0, 3, 9, 0.12345678901234567, True), RetrievedPassage(5, 0, 1, -1.0, False)),
                Answer("Zürich 😀", abstained=False),
                Verdict(0.5, "token F1 0.50", "reference/1", {"answer_f1": 0.5}),
            ),
            QuestionRecord(
                "ü\u2028\x85\n", (), Answer("", True, problem="refused"), Verdict(None, "?", "r/1", {}), "x"
            ),
            QuestionRecord("bare", (), None, None),
        ),
        costs=TrialCosts({"local": {"embed": 0.0}}, 0.0, 0.0, 12, 0.1, 0.2, 3, 0.4, 0.5, 6.7),
        n_chunks=7,
        truncated_share=1 / 7,
        index_recall=None,
        n_failed=1,
        n_unscored=0,
        stage_seconds={"chunking": 0.25},
        environment={"python": "3.11"},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_a_result_is_read_back_exactly() -> None:
    written = result()
    write_result(written)
    read = read_result(TRIAL_ID, "dev")
    assert read is not None
    same(read, written)
    plain = {field.name for field in fields(TrialResult)} - {"per_question", "metrics"}
    for name in plain:
        assert getattr(read, name) == getattr(written, name), name
        assert type(getattr(read, name)) is type(getattr(written, name)), name
    assert all(values.dtype == np.float64 for values in read.per_question.values())


@pytest.mark.parametrize("recall", [None, 0.0, 0.5])
def test_an_index_without_recall_is_not_one_with_recall_zero(recall: float | None) -> None:
    write_result(result(index_recall=recall))
    read = read_result(TRIAL_ID, "dev")
    assert read is not None
    assert read.index_recall == recall


def test_a_measured_result_is_read_back_exactly(golden: GoldenSet) -> None:
    measured = run_trial(make_params(retriever="hybrid"), golden)
    write_result(measured)
    read = read_result(measured.trial_id, "dev")
    assert read is not None
    same(read, measured)
    assert read.costs == measured.costs


def test_what_is_not_there_is_none() -> None:
    assert read_result(TRIAL_ID, "dev") is None


def test_the_splits_of_a_trial_are_two_results() -> None:
    write_result(result())
    assert read_result(TRIAL_ID, "test") is None
    write_result(result(split="test", n_chunks=8))
    dev, test = read_result(TRIAL_ID, "dev"), read_result(TRIAL_ID, "test")
    assert dev is not None
    assert test is not None
    assert (dev.n_chunks, test.n_chunks) == (7, 8)


def test_writing_again_leaves_one_file(home: Path) -> None:
    write_result(result())
    first = result_path(TRIAL_ID, "dev").read_bytes()
    write_result(result())
    assert [path for path in home.rglob("*") if path.is_file()] == [result_path(TRIAL_ID, "dev")]
    assert result_path(TRIAL_ID, "dev").read_bytes() == first


def test_the_file_is_json_without_nan() -> None:
    write_result(result())

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    stored = json.loads(result_path(TRIAL_ID, "dev").read_bytes(), parse_constant=refuse)
    assert stored["result"]["per_question"]["mrr@10"] == [1 / 3, None]


def test_a_flipped_digit_anywhere_is_damage(home: Path) -> None:
    write_result(result())
    path = result_path(TRIAL_ID, "dev")
    content = path.read_bytes()
    places = [at for at, byte in enumerate(content) if chr(byte).isdigit()]
    for at in places[:: max(1, len(places) // 40)]:
        other = b"1" if content[at : at + 1] != b"1" else b"2"
        path.write_bytes(content[:at] + other + content[at + 1 :])
        with pytest.warns(DamagedCacheWarning, match="damaged"):
            assert read_result(TRIAL_ID, "dev") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b'{"checksum": 1}', b"\xff\xfe", b'{"checksum":"","result":{"x":NaN}}'],
)
def test_a_file_that_is_no_result_is_damage(content: bytes) -> None:
    write_result(result())
    result_path(TRIAL_ID, "dev").write_bytes(content)
    with pytest.warns(DamagedCacheWarning):
        assert read_result(TRIAL_ID, "dev") is None


def test_a_result_of_an_older_form_is_measured_again() -> None:
    write_result(result())
    path = result_path(TRIAL_ID, "dev")
    stored = json.loads(path.read_bytes())
    del stored["result"]["n_failed"]
    stored["checksum"] = digest_of(stored["result"])
    path.write_text(json.dumps(stored))
    with pytest.warns(DamagedCacheWarning):
        assert read_result(TRIAL_ID, "dev") is None


def test_an_answer_with_half_a_character_can_be_stored() -> None:
    # A surrogate without its twin: json.loads makes one of "\\ud800", as an API may send it.
    broken = QuestionRecord("q1", (), Answer("half \ud800", abstained=False), None)
    write_result(result(questions=(broken,)))
    read = read_result(TRIAL_ID, "dev")
    assert read is not None
    assert read.questions == (broken,)
