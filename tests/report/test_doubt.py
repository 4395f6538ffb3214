"""What the page says of its own certainty: held-out scores, kinds of questions, dollars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag_sweeps.golden import GoldenSet
from rag_sweeps.report import ReportData
from rag_sweeps.report.cells import NOTHING
from rag_sweeps.report.confirmation import confirmed
from rag_sweeps.report.page import render
from rag_sweeps.report.spending import spending
from rag_sweeps.report.tags import by_tag
from rag_sweeps.statistics import Comparison, PairedDifference

from .made import make_report


def test_confirmed_configurations_show_both_splits(data: ReportData) -> None:
    found = confirmed(data)
    assert {line.label for line in found} == {"#0 bm25", "#1 default"}
    for line in found:
        dev, test, change = line.cells
        assert dev.sort is not None
        assert test.sort is not None
        assert change.sort == pytest.approx(float(test.sort) - float(dev.sort))


def test_every_statement_is_on_the_page(data: ReportData) -> None:
    html = render(data)
    assert len(data.statements) > 1
    for said in data.statements:
        assert said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;") in html


def test_dollars_stand_by_provider_and_purpose(golden: GoldenSet) -> None:
    report = make_report(golden, paid=True)
    found = spending(report)
    assert found.purposes == ("generate", "judge")
    assert [line.provider for line in found.lines] == ["anthropic", "openai", "together"]
    n = len(report.measured)
    generated = sum(range(n)) * 0.003 + 0.003  # the default was measured twice: on dev and held out
    assert found.lines[0].cells[0].sort == pytest.approx(generated)
    # Two baselines were judged on both splits.
    assert found.lines[1].cells[1].sort == pytest.approx(0.002 * (n + 2))
    assert found.lines[0].cells[1].text == NOTHING
    together = [float(line.cells[2].sort or 0) for line in found.lines]
    assert together[2] == pytest.approx(together[0] + together[1])


def test_a_free_sweep_has_no_table_of_dollars(data: ReportData) -> None:
    assert spending(data).lines == ()
    assert "Dollars by provider" not in render(data)


def test_a_loss_on_one_kind_of_question_is_told_and_marked(data: ReportData) -> None:
    tested = data.decision.by_tag[0]
    worse = Comparison(PairedDifference(-0.2, -0.3, -0.1, 0.001, 11), 0.01)
    better = Comparison(PairedDifference(0.1, 0.05, 0.2, 0.001, 11), 0.01)
    unclear = Comparison(PairedDifference(0.1, -0.05, 0.2, 0.4, 11), 0.8)
    tested = replace(tested, versus={"default": better, "bm25": worse, "best": unclear}, rival=None, versus_rival=None)
    changed = replace(data, decision=replace(data.decision, by_tag=(tested,)))
    line = next(line for line in by_tag(changed) if line.tag == tested.tag)
    assert line.findings == "worse than bm25 (−0.200); better than default (+0.100)"
    assert line.bad
    assert by_tag(changed)[0].findings == NOTHING
