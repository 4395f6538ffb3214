"""What the page's script is given is plain, valid and safe JSON."""

from __future__ import annotations

import json

import pytest

from rag_sweeps.golden import GoldenSet
from rag_sweeps.report import ReportData
from rag_sweeps.report.escaping import encodable, to_json
from rag_sweeps.report.importance import importance
from rag_sweeps.report.payload import payload
from rag_sweeps.report.questions import browser

from .made import EVIL, QUOTE, make_report


def test_json_cannot_end_its_element_and_reads_back_the_same() -> None:
    value = {"text": f"{EVIL}<!-- & \u2028\u2029 🦜 \ud800", "none": None}
    text = to_json(value)
    assert not set("<>&\u2028\u2029\ud800") & set(text)
    assert json.loads(text) == value


def test_nan_is_refused_rather_than_written() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(float("nan"))


def test_lone_surrogates_do_not_stop_the_page_from_being_written() -> None:
    assert encodable("a\ud800b").encode() == "a\ufffdb".encode()


def test_undefined_numbers_become_null(data: ReportData) -> None:
    content = payload(data, importance(data))
    passages = content["browser"]["configurations"][0]["records"][0]["passages"]
    assert None in [passage[3] for passage in passages]
    json.loads(to_json(content), parse_constant=pytest.fail)


def test_offsets_point_at_the_quote_in_code_points(data: ReportData) -> None:
    found = browser(data)
    for question in found["questions"][:-1]:
        [[[doc, start, end], *_]] = question["evidence"]
        assert found["documents"][doc][1][start:end] == QUOTE


def test_documents_nobody_points_at_are_left_out(data: ReportData) -> None:
    assert [name for name, _ in browser(data)["documents"]] == ["doc0.md", "doc1.md", "doc2.md"][:3]


def test_key_configurations_come_first_and_are_never_left_out(
    data: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag_sweeps.report.questions.MOST_BYTES", 1)
    found = browser(data)
    kinds = [each["kind"] for each in found["configurations"]]
    assert kinds[0] == "recommended"
    assert kinds.count("baseline") + kinds.count("best") + kinds.count("recommended") == len(kinds)
    assert found["left_out"] == len(data.measured) - len(kinds) > 0


def test_records_are_in_the_order_of_the_questions(golden: GoldenSet) -> None:
    found = browser(make_report(golden))
    assert [question["id"] for question in found["questions"]] == [question.id for question in golden.questions]
    assert all(len(each["records"]) == len(golden.questions) for each in found["configurations"])


def test_an_opened_row_has_every_metric_and_parameter(data: ReportData) -> None:
    details = payload(data, importance(data))["configurations"]["0"]
    assert {name for name, *_ in details["metrics"]} == set(data.measured[0].dev.metrics)
    names = [name for name, *_ in details["metrics"]]
    assert names.index("hit_rate@3") < names.index("hit_rate@10")
    assert ["embedding_model", "all-MiniLM-L6-v2", False] in details["params"]
