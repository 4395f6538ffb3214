"""Scores of the first questions -> go on with a configuration, or stop it because it is losing to the best so far.

All configurations answer the questions in one random order, block by block. After each block the scores are compared
with the incumbent's, question by question, by two rules:

Proof. A betting test (Waudby-Smith and Ramdas 2024) of "on all questions this one is at least as good as the
incumbent", for draws without replacement. Its evidence may be looked at after every question. A configuration is
dropped at evidence n_configurations / error_rate. Guaranteed, whatever the scores look like, by Ville's inequality and
a union over the incumbents it may meet: among n_configurations that do not depend on the order, the chance that the
one with the best mean over all questions is dropped by proof is at most error_rate.

Forecast. Most losers are stopped long before they are proven to lose: a configuration whose predicted chance of
ending ahead of the incumbent by more than chance is below `forecast` goes. It is a normal approximation and
guarantees nothing; benchmarks/racing.py measures how often it drops the best. forecast = 0 turns it off.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag_sweeps.records import Floats, Ints, Look, RaceReason

SHARES = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.95])
"""How much of what it may the test bets on each question; the evidence is the mean over all of them."""
BISECTIONS = 16
MOST_EVIDENCE = 1e9
"""More is not told: a bound that was passed outright is endless evidence, which no JSON can hold."""


@dataclass(frozen=True, slots=True)
class RaceRule:
    """error_rate: over a whole sweep, for drops by proof. block: questions between two looks; first_look: before it
    nothing is dropped. forecast: see above. clear_z: how many standard errors ahead counts as more than chance."""

    error_rate: float = 0.05
    block: int = 20
    first_look: int = 20
    forecast: float = 0.1
    clear_z: float = 1.0


@dataclass(frozen=True, slots=True)
class _Pairs:
    """differences: (n,) candidate less incumbent; total: n and the questions left. most, least: (n,) how far ahead or
    behind any question from there on could put the candidate, as the incumbent's scores are known; ahead, behind: the
    same, summed over all that are left."""

    differences: Floats
    total: int
    most: Floats
    least: Floats
    ahead: float
    behind: float
    n_asked: int
    n_questions: int


def question_order(question_ids: Sequence[str], seed: int, *, golden_digest: str = "") -> Ints:
    """(Q,) positions in the order in which all configurations answer: by the SHA-256 of seed, digest and id.

    The same on every machine; the other questions keep their order when one is added.
    """
    keys = [hashlib.sha256(f"{seed}\0{golden_digest}\0{each}".encode()).digest() for each in question_ids]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


class Race:
    """One configuration against the best that finished before it. Scores are the objective; higher is better."""

    def __init__(
        self,
        rule: RaceRule,
        incumbent: Floats | None,
        order: Ints,
        n_configurations: int,
        *,
        worst: float = 0.0,
        best: float = 1.0,
    ) -> None:
        """incumbent: (Q,) in the golden set's order, None for the first. worst, best: the range of any score.

        Raises ValueError for incumbent scores outside the range: nothing would be guaranteed.
        """
        self.rule = rule
        self._theirs = None if incumbent is None else incumbent[order]
        self._level = rule.error_rate / max(1, n_configurations)
        self._worst, self._best = worst, best
        if incumbent is not None:
            self._check(incumbent)

    def next_look(self, n_scored: int) -> int:
        """After how many questions to look again, given how many are scored."""
        after = max(self.rule.first_look, n_scored + self.rule.block)
        return after if self._theirs is None else min(after, len(self._theirs))

    def look(self, scores_so_far: Floats) -> Look:
        """scores_so_far: (n,) in race order; NaN where the metric is not defined."""
        pairs = self._pairs(scores_so_far)
        if pairs is None:
            return Look(True, "first", math.nan, math.nan, math.nan, 1.0, 1.0, len(scores_so_far))
        n = len(pairs.differences)
        if not n:
            return Look(True, "goes on", math.nan, self._worst - self._best, self._best - self._worst, 1.0, 1.0, 0)
        evidence, chance, reason = self._judged(pairs)
        return Look(
            keep_going=reason == "goes on",
            reason=reason,
            mean_difference=float(pairs.differences.mean()),
            low=-_bound(-pairs.differences, pairs.total, pairs.least, self._level, pairs.behind, pairs.ahead),
            high=_bound(pairs.differences, pairs.total, pairs.most, self._level, pairs.ahead, pairs.behind),
            evidence=min(evidence, MOST_EVIDENCE),
            chance=chance,
            n=n,
        )

    def reason(self, scores_so_far: Floats) -> RaceReason:
        """What `look` decides, without its interval."""
        pairs = self._pairs(scores_so_far)
        if pairs is None:
            return "first"
        return self._judged(pairs)[2] if len(pairs.differences) else "goes on"

    def _judged(self, pairs: _Pairs) -> tuple[float, float, RaceReason]:
        cannot_catch_up = float(pairs.differences.sum()) + pairs.ahead < -1e-9
        log_evidence = _log_evidence(pairs.differences, 0.0, pairs.total, pairs.most)
        evidence = math.inf if cannot_catch_up else math.exp(min(700.0, log_evidence))
        chance = _forecast(pairs.differences, pairs.total, self.rule.clear_z)
        if evidence >= 1 / self._level:
            return evidence, chance, "proven worse"
        losing = chance < self.rule.forecast and self.rule.first_look <= pairs.n_asked < pairs.n_questions
        # One that scores the very same on every question may be the cheaper one, and is worth measuring.
        losing = losing and bool(pairs.differences.any())
        return evidence, chance, "forecast not to win" if losing else "goes on"

    def _pairs(self, scores_so_far: Floats) -> _Pairs | None:
        if self._theirs is None:
            return None
        self._check(scores_so_far)
        n_asked = len(scores_so_far)
        theirs, left = self._theirs[:n_asked], self._theirs[n_asked:]
        both = ~np.isnan(theirs) & ~np.isnan(scores_so_far)
        left = left[~np.isnan(left)]
        known = np.concatenate([theirs[both], left])[::-1]
        n = int(both.sum())
        return _Pairs(
            differences=scores_so_far[both] - theirs[both],
            total=n + len(left),
            most=self._best - np.minimum.accumulate(known)[::-1][:n],
            least=np.maximum.accumulate(known)[::-1][:n] - self._worst,
            ahead=float((self._best - left).sum()),
            behind=float((left - self._worst).sum()),
            n_asked=n_asked,
            n_questions=len(self._theirs),
        )

    def _check(self, scores: Floats) -> None:
        defined = scores[~np.isnan(scores)]
        if len(defined) and (defined.min() < self._worst - 1e-9 or defined.max() > self._best + 1e-9):
            raise ValueError(
                f"scores from {defined.min():g} to {defined.max():g} leave the range "
                f"[{self._worst:g}, {self._best:g}] that the race was given"
            )


def _log_evidence(differences: Floats, mean: float, total: int, most: Floats) -> float:
    """Log of the largest capital so far of bets that the differences over all questions average below `mean`.

    total: how many there are in all; most: (n,) the largest difference that any question not yet seen could show.
    Were the average at least `mean`, what is left would have to average at least m at each step, and the capital
    could not be expected to grow.
    """
    n = len(differences)
    before = np.concatenate([[0.0], np.cumsum(differences)[:-1]])
    m = (total * mean - before) / (total - np.arange(n))
    room = most - m
    if (room < -1e-12).any():
        return math.inf  # even the best scores on all that is left would not be enough
    # No room: only perfect scores on all that is left would make an equal of it. Nothing can be bet on that.
    grows = np.divide(most - differences, room, out=np.ones(n), where=room > 1e-12)
    capital = np.logaddexp.reduce(np.cumsum(np.log1p(SHARES[:, None] * (grows - 1.0)), axis=1), axis=0)
    return float(max(0.0, capital.max() - math.log(len(SHARES))))


def _bound(differences: Floats, total: int, most: Floats, level: float, ahead: float, behind: float) -> float:
    """The largest mean over all questions that the evidence does not exclude at this level, by bisection.

    ahead, behind: how far the questions that are left could move the sum up and down.
    """
    so_far = float(differences.sum())
    low, high = (so_far - behind) / total, (so_far + ahead) / total
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _log_evidence(differences, middle, total, most) >= -math.log(level):
            high = middle
        else:
            low = middle
    return high


def _forecast(differences: Floats, total: int, clear_z: float) -> float:
    """Chance that the mean over all questions ends above clear_z of its own standard errors, were all alike.

    The mean of what is left is taken as normal around the mean so far. One imagined difference of 1 either way keeps
    a few equal scores from looking certain.
    """
    n, left = len(differences), total - len(differences)
    spread = math.sqrt((float(((differences - differences.mean()) ** 2).sum()) + 1.0) / n)
    if not left:
        return 1.0 if differences.mean() >= 0 else 0.0
    error = spread * math.sqrt(1 / n - 1 / total)
    goal = clear_z * spread / math.sqrt(total)
    return 0.5 * math.erfc((goal - float(differences.mean())) / error / math.sqrt(2))
