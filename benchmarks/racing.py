"""Simulated sweeps -> judged answers that racing saves, and how often it loses the best configuration.

The truth of a simulated sweep is what asking every configuration every question would have said. Racing fails when
the configuration it ends with is significantly worse than the true best (paired sign-flip test over all questions,
p < .05, uncorrected): then the best and everything tied with it were dropped. How often the true best itself was
dropped in favour of one tied with it is shown beside it, with what that cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchmarks.verdicts import Line, conclude
from rag_sweeps.racing import Race, RaceRule
from rag_sweeps.records import Floats
from rag_sweeps.statistics import bounded_interval, paired_difference

N_SWEEPS = 500
N_CONFIGURATIONS = 30
N_QUESTIONS = 200
N_BASELINES = 2
LEVELS = np.array([-0.5, -0.15, 0.15, 0.5])
SHARED = 0.6
"""Part of the variance of a score that is the question's, the same for every configuration."""
Shape = Callable[[np.random.Generator], Floats]


@dataclass(frozen=True, slots=True)
class Raced:
    """One sweep: share of judged answers not asked for, what happened to the best, and the mean given up."""

    saved: float
    lost: bool
    best_dropped: bool
    best_dropped_by_proof: bool
    given_up: float


def _means(*groups: tuple[int, float, float]) -> Shape:
    """(how many, mean, spread) groups of true means, the last one filled up to N_CONFIGURATIONS."""

    def draw(rng: np.random.Generator) -> Floats:
        return np.concatenate([rng.normal(mean, spread, n) for n, mean, spread in groups])

    return draw


SHAPES: dict[str, Shape] = {
    "all equal": _means((30, 0.6, 0.0)),
    "many close": _means((30, 0.6, 0.02)),
    "one a little better": _means((1, 0.7, 0.0), (29, 0.6, 0.03)),
    "one clearly better": _means((1, 0.8, 0.0), (29, 0.55, 0.06)),
    "a few good": _means((3, 0.75, 0.01), (27, 0.5, 0.06)),
    "widely spread": lambda rng: rng.uniform(0.35, 0.75, N_CONFIGURATIONS),
}


def simulated_scores(means: Floats, rng: np.random.Generator, *, n_questions: int = N_QUESTIONS) -> Floats:
    """(C, Q) scores of 0, 1/4 .. 1 as a judge gives them: a shared difficulty, a configuration's level, and luck."""
    level = np.array([NormalDist().inv_cdf(min(max(mean, 0.01), 0.99)) for mean in means.tolist()])
    difficulty, luck = rng.normal(size=n_questions), rng.normal(size=(len(means), n_questions))
    latent = level[:, None] + np.sqrt(SHARED) * difficulty + np.sqrt(1 - SHARED) * luck
    scores: Floats = (latent[..., None] > LEVELS).mean(axis=-1)
    return scores


def race_sweep(scores: Floats, rule: RaceRule, rng: np.random.Generator) -> Raced:
    """(C, Q) scores, the first N_BASELINES never raced; the incumbent is the best that was asked everything."""
    n_configurations, n_questions = scores.shape
    order, means = rng.permutation(n_questions), scores.mean(axis=1)
    best, incumbent, n_asked, reasons = int(means.argmax()), -1, 0, {}
    for at in range(n_configurations):
        race = Race(rule, scores[incumbent] if incumbent >= 0 else None, order, n_configurations)
        n = n_questions if at < N_BASELINES else race.next_look(0)
        while n < n_questions and (reason := race.reason(scores[at][order[:n]])) == "goes on":
            n = race.next_look(n)
        n_asked += n
        if n < n_questions:
            reasons[at] = reason
        elif incumbent < 0 or means[at] > means[incumbent]:
            incumbent = at
    worse = means[incumbent] < means[best] and paired_difference(scores[best], scores[incumbent]).p < 0.05
    return Raced(
        saved=1 - n_asked / scores.size,
        lost=bool(worse),
        best_dropped=best in reasons,
        best_dropped_by_proof=reasons.get(best) == "proven worse",
        given_up=float(means[best] - means[incumbent]),
    )


def real_scores() -> Floats:
    """(C, Q) reciprocal ranks of 30 BM25 configurations on the shipped golden set; no model, no network."""
    from pathlib import Path

    from rag_sweeps.golden import load_golden
    from rag_sweeps.parameters import parse_params
    from rag_sweeps.trial import run_trial

    golden = load_golden(Path(__file__).parent.parent / "golden_sets" / "handbook")
    rows = []
    for chunk_size in (64, 96, 128, 192, 256, 384):
        for k1, b in ((0.6, 0.4), (1.2, 0.75), (1.2, 0.2), (2.0, 0.75), (0.9, 1.0)):
            params = {"golden_set": "-", "retriever": "bm25", "chunk_size": chunk_size, "bm25_k1": k1, "bm25_b": b}
            rows.append(run_trial(parse_params(params), golden).per_question["mrr@10"])
    table = np.array(rows)
    return table[:, ~np.isnan(table).any(axis=0)]


def main() -> int:
    rule, rng = RaceRule(), np.random.default_rng(0)
    lines = []
    for name, shape in SHAPES.items():
        lines += _lines(name, [_simulated(shape, rule, rng) for _ in range(N_SWEEPS)])
    real = real_scores()
    lines += _lines("30 real BM25 trials, resampled", [_resampled(real, rule, rng) for _ in range(N_SWEEPS)])
    proof = RaceRule(forecast=0.0)
    lines += _lines(
        "a few good, proof alone", [_simulated(SHAPES["a few good"], proof, rng) for _ in range(N_SWEEPS)], wanted=None
    )
    title = f"racing: {N_SWEEPS} sweeps each, {N_CONFIGURATIONS} configurations, {N_QUESTIONS} questions, {rule}"
    return conclude(title, lines)


def _simulated(shape: Shape, rule: RaceRule, rng: np.random.Generator) -> Raced:
    return race_sweep(simulated_scores(rng.permutation(shape(rng)), rng), rule, rng)


def _resampled(real: Floats, rule: RaceRule, rng: np.random.Generator) -> Raced:
    """Questions drawn again with repeats, configurations in another order."""
    table = real[:, rng.integers(0, real.shape[1], N_QUESTIONS)]
    return race_sweep(table[rng.permutation(len(table))], rule, rng)


def _lines(name: str, raced: list[Raced], *, wanted: float | None = 0.6) -> list[Line]:
    saved = np.array([each.saved for each in raced])
    half = 1.96 * saved.std(ddof=1) / np.sqrt(len(saved))
    lost = _share([each.lost for each in raced])
    dropped = _share([each.best_dropped for each in raced])
    by_proof = _share([each.best_dropped_by_proof for each in raced])
    given_up = float(np.mean([each.given_up for each in raced]))
    return [
        Line(
            f"{name}: judged answers saved",
            f"{saved.mean():.1%} ± {half:.1%}",
            "" if wanted is None else f">= {wanted:.0%}",
            None if wanted is None else bool(saved.mean() >= wanted),
        ),
        Line("  ends significantly below the true best", lost[1], "<= 5%", lost[0] <= 0.05),
        Line("  true best itself dropped, mostly for one tied with it", dropped[1]),
        Line("  true best dropped by proof", by_proof[1], "<= 5%", by_proof[0] <= 0.05),
        Line("  mean score given up", f"{given_up:.4f}"),
    ]


def _share(happened: list[bool]) -> tuple[float, str]:
    found = bounded_interval(np.array(happened, dtype=np.float64))
    return found.mean, f"{found.mean:.1%} [{found.low:.1%}, {found.high:.1%}]"
