"""What a W&B report is written from: one sweep as measured, its statements and the two metrics it trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from rag_sweeps.decision import Decision, Row, statements
from rag_sweeps.decision.front import pareto_by_price
from rag_sweeps.gating import Gate
from rag_sweeps.golden import GoldenSet
from rag_sweeps.ledger import Spending
from rag_sweeps.objective import OBJECTIVE, metric_interval
from rag_sweeps.outcome import Outcome
from rag_sweeps.tracking.privacy import Privacy
from rag_sweeps.tracking.server import Address

USUAL_COST = "context_tokens_per_question"


@dataclass(frozen=True, slots=True)
class ReportContent:
    """One sweep as measured, and where its runs are.

    group: that its runs have on W&B. sweep: W&B's id, empty for a local one. billed: provider -> purpose -> what the
    sweep was charged. incumbent: the recommended one against what is in use now, where somebody said what that is.
    """

    outcome: Outcome
    golden: GoldenSet
    address: Address
    group: str
    sweep: str
    billed: Mapping[str, Mapping[str, Spending]]
    n_failed: int
    n_dropped: int
    incumbent: Gate | None = None

    @property
    def decision(self) -> Decision:
        return self.outcome.decision

    @property
    def swept(self) -> tuple[str, ...]:
        return self.outcome.record.swept

    @property
    def privacy(self) -> Privacy:
        return Privacy(full=self.outcome.record.full_text)


class Axes(NamedTuple):
    """Two metrics that are traded for each other. upward: more of the first is better."""

    quality: str
    cost: str
    upward: bool


def shown_statements(content: ReportContent) -> list[str]:
    """The statements; a tag is a name out of the golden set, and may not leave where texts may not."""
    decision, privacy = content.decision, content.privacy
    by_tag = tuple(replace(each, tag=privacy.name(each.tag)) for each in decision.by_tag)
    return statements(replace(decision, by_tag=by_tag), content.swept)


def axes(content: ReportContent) -> Axes:
    """What the sweep itself trades: its two objectives, the parts of its objective, or its metric and the context."""
    decision, settings = content.decision, content.outcome.record.settings
    if decision.second is not None and decision.second[1] == "minimize":
        return Axes(decision.metric, decision.second[0], decision.goal == "maximize")
    if decision.second is not None and decision.goal == "minimize":
        return Axes(decision.second[0], decision.metric, upward=True)
    if decision.metric == OBJECTIVE:
        return Axes(str(settings["quality_metric"]), str(settings["cost_metric"]), upward=True)
    return Axes(decision.metric, USUAL_COST, decision.goal == "maximize")


def front(content: ReportContent) -> list[Row]:
    """The configurations that none beats on both axes, cheapest first; `value` is the quality."""
    found = axes(content)
    rows = [
        replace(row, value=metric_interval(row.measured.dev, found.quality))
        for row in content.decision.rows
        if row.comparable
    ]
    price = {row.measured.number: metric_interval(row.measured.dev, found.cost).mean for row in rows}
    return pareto_by_price(rows, price, goal="maximize" if found.upward else "minimize")
