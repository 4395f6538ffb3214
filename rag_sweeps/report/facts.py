"""ReportData -> how it was measured: decisions, counts, environment, as terms and texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rag_sweeps.records import CUTOFFS, PIPELINE_VERSION, TrialResult
from rag_sweeps.report.data import ReportData, label
from rag_sweeps.statistics import CONFIDENCE, RESAMPLES

Facts = tuple[tuple[str, str], ...]


def method(data: ReportData) -> Facts:
    """The decisions behind the numbers, short."""
    decision, results = data.decision, _results(data)
    overlaps = _distinct(result.params.get("relevance_overlap") for result in results)
    params = decision.recommended.measured.dev.params
    facts = [
        ("metric", f"{decision.metric}, {decision.goal}"),
        (
            "relevant",
            f"a passage that shares {overlaps} or more of the shorter of (passage, evidence) with the evidence",
        ),
        ("cutoffs", f"{', '.join(map(str, CUTOFFS))}; every cutoff is scored, whatever top_k the generator is given"),
        ("unanswerable questions", "have no retrieval score and are left out of its mean and its n"),
        (
            "intervals",
            f"{100 * CONFIDENCE:.0f} %: Gaffke's bound for scores in [0, 1], which holds near 0 and 1 too; for "
            f"differences and costs the percentile bootstrap over questions, {RESAMPLES:,} resamples",
        ),
        (
            "differences",
            "paired by question, sign-flip test over every pattern of signs, Holm-corrected: against the best over the "
            "configurations, against the baselines over configurations and baselines, held out over the baselines",
        ),
        (
            "tied",
            "not significantly different from the best at 5 %; the recommended one is the cheapest of these, or the "
            "best itself where the metric charges for cost",
        ),
        ("held-out questions", _confirmation(data)),
        ("seed of the search", _distinct(result.params.get("seed", "unknown") for result in results)),
    ]
    if decision.metric == "objective":
        weighted = f"{params.get('quality_metric')} − {params.get('cost_weight')} × {params.get('cost_metric')}"
        facts.insert(1, ("objective", weighted if params.get("cost_weight") else str(params.get("quality_metric"))))
    return tuple(facts)


def counts(data: ReportData) -> Facts:
    """What failed, went unscored or was cut, and the time it took, over all configurations."""
    results = _results(data)
    stages: Counter[str] = Counter()
    for result in results:
        stages.update({stage: int(1000 * seconds) for stage, seconds in result.stage_seconds.items()})
    truncated = {label(entry): entry.dev.truncated_share for entry in data.measured if entry.dev.truncated_share}
    approximate = {
        label(entry): entry.dev.index_recall for entry in data.measured if entry.dev.index_recall is not None
    }
    return (
        ("failed trials", str(len(data.failures))),
        ("failed questions", f"{sum(result.n_failed for result in results)} over all configurations and splits"),
        ("unscored answers", f"{sum(result.n_unscored for result in results)} over all configurations and splits"),
        ("truncated passages", _shares(truncated, "none: every passage fits its embedding model")),
        ("recall of the index", _shares(approximate, "exact search in every configuration")),
        ("time", ", ".join(f"{stage} {ms / 1000:,.1f} s" for stage, ms in stages.items()) or "not recorded"),
    )


def environment(data: ReportData) -> Facts:
    """What it was measured with; a value that differs between trials is listed with all its readings."""
    names = sorted({name for result in _results(data) for name in result.environment})
    facts = [(name, _distinct(result.environment.get(name, "none") for result in _results(data))) for name in names]
    return (
        ("golden set digest", data.golden.digest),
        ("sweep", data.sweep_id),
        ("pipeline version", str(PIPELINE_VERSION)),
        *facts,
    )


def _results(data: ReportData) -> list[TrialResult]:
    dev = [entry.dev for entry in data.measured]
    return dev + [entry.test for entry in data.measured if entry.test is not None]


def _confirmation(data: ReportData) -> str:
    confirmed = [label(entry) for entry in data.measured if entry.test is not None]
    if not confirmed:
        return "not used: nothing was confirmed on them"
    n = len(data.golden.split("test"))
    return f"{n}, never seen by the search; measured for {', '.join(confirmed)}"


def _shares(found: dict[str, float], nothing: str) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in found.items()) or nothing


def _distinct(values: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values))
