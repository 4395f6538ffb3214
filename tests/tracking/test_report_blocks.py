"""What a W&B report says: the decision in words and tables, and nothing that may not leave the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report.made import EVIL, SWEPT, make_golden, make_report

from rag_sweeps.decision import TagResult, statements
from rag_sweeps.gating import gate
from rag_sweeps.ledger import Spending
from rag_sweeps.objective import metric_interval
from rag_sweeps.outcome import Outcome
from rag_sweeps.records import TrialResult
from rag_sweeps.statistics import Comparison, PairedDifference
from rag_sweeps.store.sweeps import SweepRecord
from rag_sweeps.tracking.report_blocks import blocks
from rag_sweeps.tracking.report_content import ReportContent, axes, front, shown_statements
from rag_sweeps.tracking.report_tables import incumbent_text, leaderboard_table, table
from rag_sweeps.tracking.server import Address

SECRET_TAG = "the secret project"
QUESTION_ID = re.compile(r"\bq\d+\b")


@pytest.fixture
def content(tmp_path: Path) -> ReportContent:
    golden = make_golden(tmp_path / "secret set")
    data = make_report(golden)
    worse = Comparison(PairedDifference(-0.2, -0.3, -0.1, 0.001, 6), 0.002)
    by_tag = (TagResult(SECRET_TAG, 6, 0.4, {"bm25": worse}, None, None),)
    record = SweepRecord(
        sweep_id="made-1",
        name="made",
        config_path="made.yaml",
        objectives=(("objective", "maximize"),),
        settings={
            "quality_metric": "mrr@10",
            "cost_metric": "context_tokens_per_question",
            "cost_weight": 0.0001,
        },
        swept=SWEPT,
        count=5,
        n_baselines=2,
        parallel=1,
        budget_usd=None,
        golden_name="secret set",
        golden_digest=golden.digest,
        mode="local",
        created="2026-01-02",
        full_text=True,
    )
    outcome = Outcome(record, data.measured, replace(data.decision, by_tag=by_tag))
    return ReportContent(outcome, golden, Address("https://api.wandb.ai", "team", "rag"), "ab12", "ab12", {}, 1, 0)


def private(content: ReportContent) -> ReportContent:
    outcome = content.outcome
    return replace(content, outcome=replace(outcome, record=replace(outcome.record, full_text=False)))


def words(made: list[Any]) -> str:
    return "\n".join(text for block in made for text in _texts(block))


def _texts(block: Any) -> Iterator[str]:
    for name in ("text", "code", "items", "url", "title"):
        value = getattr(block, name, None)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each
            elif each is not None:
                yield from (part if isinstance(part, str) else f"{part.text} {part.url}" for part in each)


def test_a_report_says_what_the_terminal_says(content: ReportContent) -> None:
    said = words(blocks(content))
    for statement in statements(content.decision, SWEPT):
        assert statement in said
    assert "https://wandb.ai/team/rag/sweeps/ab12" in said
    assert "1 trials failed" in said
    assert "secret set" in said
    assert QUESTION_ID.search(said)


def test_a_private_report_holds_no_name_and_no_text_of_the_golden_set(content: ReportContent) -> None:
    assert SECRET_TAG in " ".join(shown_statements(content))
    said = words(blocks(private(content)))
    for secret in (SECRET_TAG, "secret set", "Question ", "alert", "doc0"):
        assert secret not in said, secret
    assert not QUESTION_ID.search(said)
    assert "On the 6 questions tagged" in said


def test_no_text_leaves_its_cell() -> None:
    made = table(("a", "b"), [(EVIL, "x | y\n| z"), ("[go](http://evil)", "`code`" * 100)])
    lines = made.splitlines()
    assert len(lines) == 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    assert not re.search(r"(?<!\\)[<>\[\]`]", made)


def test_every_baseline_and_the_recommended_one_are_on_the_leaderboard(content: ReportContent) -> None:
    made = leaderboard_table(content)
    assert "(bm25" in made
    assert "(default" in made
    assert "recommended)" in made
    assert len(made.splitlines()) == 2 + len(content.decision.rows)


def test_the_front_is_what_nothing_beats_on_both_axes(content: ReportContent) -> None:
    quality, cost, upward = axes(content)
    assert (quality, cost, upward) == ("mrr@10", "context_tokens_per_question", True)
    points = [
        (metric_interval(row.measured.dev, cost).mean, metric_interval(row.measured.dev, quality).mean)
        for row in content.decision.rows
    ]
    unbeaten = {
        (price, score)
        for price, score in points
        if not any((p <= price and s >= score) and (p, s) != (price, score) for p, s in points)
    }
    found = [(metric_interval(row.measured.dev, cost).mean, row.value.mean) for row in front(content)]
    assert set(found) == unbeaten
    assert found == sorted(found)


def test_dollars_are_shown_by_provider_as_used_and_as_billed(content: ReportContent) -> None:
    assert "No provider was asked" in words(blocks(content))
    billed = {"openai": {"generate": Spending(1.25, 1200, 9, 34)}}
    said = words(blocks(replace(content, billed=billed)))
    assert "| openai | generate | 0.0000 USD | 1.2500 USD | 1,200 | 34 |" in said


def test_what_is_in_use_is_compared_first(content: ReportContent) -> None:
    results: list[TrialResult] = [entry.dev for entry in content.outcome.measured]
    theirs, ours = replace(results[0], trial_id="1" * 64), replace(results[1], trial_id="2" * 64)
    said = incumbent_text(gate(theirs, ours, metric="mrr@10", margin=0.9))
    assert "In use is trial 1111111111" in said
    assert "It may take its place." in said
    assert "is not proven good enough" in incumbent_text(gate(theirs, ours, metric="mrr@10", margin=0.0))
    assert "It is the configuration in use" in incumbent_text(gate(ours, ours, metric="mrr@10"))
