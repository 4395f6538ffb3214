"""ReportContent -> the tables of a W&B report, as Markdown that holds only what may leave the machine."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from rag_sweeps.decision import Measured
from rag_sweeps.decision.wording import configuration
from rag_sweeps.gating import Gate
from rag_sweeps.objective import is_figure, metric_interval, per_question
from rag_sweeps.records import Interval
from rag_sweeps.statistics import Comparison
from rag_sweeps.tracking.report_content import ReportContent, axes, front

SHOWN_ROWS = 15
SHOWN_QUESTIONS = 12
MOST_CELL_CHARS = 200
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def front_table(content: ReportContent) -> str:
    found = axes(content)
    rows = [
        (
            _name(row.measured, content),
            _interval(row.value),
            _number(metric_interval(row.measured.dev, found.cost).mean),
        )
        for row in front(content)
    ]
    return table(("configuration", found.quality, found.cost), rows)


def leaderboard_table(content: ReportContent) -> str:
    """The best configurations, the recommended one and every baseline."""
    decision, cost = content.decision, axes(content).cost
    shown = [
        (rank, row)
        for rank, row in enumerate(decision.rows, start=1)
        if rank <= SHOWN_ROWS or row.measured.baseline or row is decision.recommended
    ]
    rows = [
        (
            str(rank) if row.comparable else "not ranked",
            _name(row.measured, content),
            _interval(row.value),
            _difference(row.versus_best.mean, row.versus_best.low, row.versus_best.high) if rank > 1 else "",
            _p(row.p_adjusted) if rank > 1 else "",
            _number(metric_interval(row.measured.dev, cost).mean),
            row.measured.dev.trial_id[:10],
        )
        for rank, row in shown
    ]
    left = len(decision.rows) - len(shown)
    more = f"\n\n{left} more are in the table of runs below." if left else ""
    return table(("", "configuration", decision.metric, "less the best", "p (Holm)", cost, "trial"), rows) + more


def baselines_table(content: ReportContent) -> str:
    """The recommended configuration against each baseline; empty where nothing was tested."""
    decision = content.decision
    if not decision.is_tested:
        return ""
    rows = [
        (name, *_comparison(decision.gains.get(name)), *_comparison(decision.test_gains.get(name)))
        for name in dict.fromkeys((*decision.gains, *decision.test_gains))
    ]
    head = ("baseline", "difference on dev", "finding", "difference held out", "finding held out")
    return table(head, rows) if rows else ""


def incumbent_text(gate: Gate) -> str:
    """The recommended configuration against the one in use, as the gate decides."""
    where = "held-out" if gate.split == "test" else "dev"
    if gate.same_trial:
        return f"It is the configuration in use (trial {gate.baseline_id[:10]})."
    verdict = "may take its place" if gate.is_promoted else "is not proven good enough to take its place"
    return (
        f"In use is trial {gate.baseline_id[:10]} with {gate.metric} {gate.baseline_mean:.3f}. Trial "
        f"{gate.candidate_id[:10]} scores {gate.candidate_mean:.3f} on the same {gate.n} {where} questions: "
        f"{gate.difference:+.3f}, one-sided 95 % bounds [{gate.low:+.3f}, {gate.high:+.3f}], p = {gate.p:.2g} against "
        f"being worse by more than {gate.margin:g}. It {verdict}."
    )


def costs_table(content: ReportContent) -> str:
    """What the recommended one costs in use and what the sweep was billed, by provider and purpose."""
    used, billed = content.decision.recommended.measured.dev.costs.usd, content.billed
    pairs = sorted(
        {(provider, purpose) for provider in billed for purpose in billed[provider]}
        | {(provider, purpose) for provider in used for purpose, usd in used[provider].items() if usd}
    )
    rows = []
    for provider, purpose in pairs:
        spent = billed.get(provider, {}).get(purpose)
        rows.append(
            (
                provider,
                purpose,
                _usd(used.get(provider, {}).get(purpose, 0.0)),
                _usd(spent.usd) if spent else _usd(0.0),
                f"{spent.calls:,}" if spent else "0",
                f"{spent.cached_replies:,}" if spent else "0",
            )
        )
    head = (
        "provider",
        "for",
        "recommended, all dev questions",
        "billed to the sweep",
        "calls",
        "replies from the store",
    )
    return table(head, rows) if rows else ""


def questions_table(content: ReportContent) -> tuple[str, str]:
    """(name of the baseline, table) of the questions whose quality differs most between the recommended one and it."""
    decision, quality = content.decision, axes(content).quality
    ours = decision.recommended.measured
    others = [row.measured for row in decision.rows if row.measured.baseline and row.measured.number != ours.number]
    if not others or is_figure(ours.dev, quality):
        return "", ""
    other = next((each for each in others if each.baseline == "default"), others[0])
    scores, theirs = (_scores(each, quality) for each in (ours, other))
    sign = 1.0 if axes(content).upward else -1.0
    gaps = {name: sign * (score - theirs.get(name, math.nan)) for name, score in scores.items()}
    wanted = [name for name, gap in gaps.items() if not math.isnan(gap) and not np.isclose(gap, 0.0)]
    wanted.sort(key=lambda name: (-abs(gaps[name]), name))
    texts = {question.id: question.text for question in content.golden.questions}
    rows = [
        (
            content.privacy.name(name),
            content.privacy.text(texts.get(name, "")) or "",
            _number(scores[name]),
            _number(theirs[name]),
            f"{gaps[name]:+.3f}",
        )
        for name in wanted[:SHOWN_QUESTIONS]
    ]
    head = ("id", "question", f"{quality}, recommended", str(other.baseline), "better by")
    return str(other.baseline), table(head, rows) if rows else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown; no cell can leave its place or become a link, an image or HTML."""
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    flat = " ".join(text.split())
    cut = flat if len(flat) <= MOST_CELL_CHARS else flat[: MOST_CELL_CHARS - 1] + "…"
    return _MARKDOWN.sub(r"\\\1", cut)


def _name(measured: Measured, content: ReportContent) -> str:
    decision = content.decision
    marks = [measured.baseline] if measured.baseline else []
    marks += ["recommended"] if measured.number == decision.recommended.measured.number else []
    said = configuration(measured, content.swept)
    return f"{said} ({', '.join(marks)})" if marks else said


def _scores(measured: Measured, metric: str) -> dict[str, float]:
    return dict(zip(measured.dev.question_ids, per_question(measured.dev, metric).tolist(), strict=True))


def _comparison(found: Comparison | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    gap = found.difference
    return _difference(gap.mean, gap.low, gap.high), f"{found.finding}, p = {found.p_adjusted:.2g}"


def _difference(mean: float, low: float, high: float) -> str:
    if math.isnan(mean):
        return ""
    return f"{mean:+.3f}" if math.isnan(low) else f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def _interval(value: Interval) -> str:
    if not value.n or math.isnan(value.mean):
        return "not defined"
    if value.low == value.high:
        return _number(value.mean)
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _p(value: float) -> str:
    return "" if math.isnan(value) else "<.001" if value < 0.001 else f"{value:.3f}"


def _usd(value: float) -> str:
    return f"{value:.4f} USD"
