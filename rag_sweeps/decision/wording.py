"""Decision -> a headline of one sentence and a few statements, the same in the terminal, the report and W&B."""

from __future__ import annotations

from collections.abc import Sequence

from rag_sweeps.decision.deciding import cost_key
from rag_sweeps.decision.values import ALPHA, Decision, Measured, Row
from rag_sweeps.parameters import effective
from rag_sweeps.statistics import Comparison

MOST_TAGS = 4


def sentence(decision: Decision, swept: Sequence[str]) -> str:
    """The recommendation in one sentence."""
    value, metric = decision.recommended.value, decision.metric
    said = f"Use {configuration(decision.recommended.measured, swept)}: {metric} {value.mean:.3f}"
    if decision.is_tested:
        said += f" [{value.low:.3f}, {value.high:.3f}] on {value.n} dev questions"
    return f"{said}; {_standing(decision, swept)}."


def statements(decision: Decision, swept: Sequence[str]) -> list[str]:
    """The headline, then what is known about it and what is not, most important first."""
    return [
        sentence(decision, swept),
        *_against_baselines(decision),
        *_shrinkage(decision),
        *_by_tag(decision, swept),
        *_resolution(decision),
        *_front(decision, swept),
        *_apart(decision),
    ]


def configuration(measured: Measured, swept: Sequence[str]) -> str:
    """The swept settings of a configuration in one line, without those that cannot matter."""
    used = effective(measured.dev.params)
    # The BM25 baseline sets the retriever also where the sweep does not.
    names = swept if "retriever" in swept or measured.baseline is None else [*swept, "retriever"]
    return ", ".join(f"{name} {used[name]}" for name in names if name in used) or "the settings as they are"


def _standing(decision: Decision, swept: Sequence[str]) -> str:
    """How the recommended one stands to the others."""
    row, n_others, n_tied = decision.recommended, decision.n_compared - 1, len(decision.tied) - 1
    if n_others == 0:
        return "it is the only configuration that was measured"
    if not decision.is_tested:
        return f"the best of {n_others + 1} by a figure of the whole trial, which no test can tell from chance"
    if row is decision.best and n_tied == 0:
        return f"it is better than each of the other {n_others} configurations (Holm, 5 %)"
    if row is decision.best:
        return f"it leads, and {n_tied} of {n_others} others are tied with it{_price(decision, row)}"
    lead = abs(row.versus_best.mean)
    return (
        f"it is the cheapest of the {n_tied + 1} configurations tied with the leader, "
        f"which ({configuration(decision.best.measured, swept)}) is {lead:.3f} ahead but not proven better "
        f"(Holm p = {row.p_adjusted:.2g})"
    )


def _price(decision: Decision, row: Row) -> str:
    ours = cost_key(row.measured.dev)
    cheapest = min(cost_key(other.measured.dev) for other in decision.tied if other is not row)
    return " and cost more" if cheapest > ours else " and none is cheaper" if cheapest == ours else ""


def _against_baselines(decision: Decision) -> list[str]:
    gains = decision.test_gains or decision.gains
    if not gains or not decision.is_tested:
        return []
    if decision.test_gains and decision.test_value:
        where = f"On the {decision.test_value.n} held-out questions"
        corrected = f"corrected for {len(gains)} baselines" if len(gains) > 1 else "one test"
    else:
        where, corrected = "On dev", f"corrected for the choice among {decision.n_compared}"
    parts = [f"{gain.finding} {_preposition(gain)}{name} ({_numbers(gain)})" for name, gain in gains.items()]
    said = [f"{where} it is {'; '.join(parts)}; {corrected}."]
    ahead = {name: gain.difference.mean for name, gain in decision.gains.items() if gain.difference.mean < 0}
    if ahead and decision.test_gains:
        said.append(f"On dev {' and '.join(f'{name} scores {-mean:.3f} better' for name, mean in ahead.items())}.")
    return said


def _preposition(gain: Comparison) -> str:
    return "from " if gain.finding == "not proven different" else "than "


def _numbers(gain: Comparison) -> str:
    found = gain.difference
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}], p = {gain.p_adjusted:.2g}"


def _shrinkage(decision: Decision) -> list[str]:
    """What choosing the best of many adds to its score, and what the held-out questions say of it."""
    if not decision.is_tested or decision.n_compared < 2:
        return []
    curse = f"choosing the best of {decision.n_compared} by dev score flatters it by about {decision.optimism:.3f}"
    found = decision.confirmation
    if found is None:
        return [f"Not confirmed on held-out questions: {curse}."]
    change = found.change
    return [
        f"Held out it scores {found.test.mean:.3f} [{found.test.low:.3f}, {found.test.high:.3f}] "
        f"after {found.dev.mean:.3f} on dev ({change.mean:+.3f} [{change.low:+.3f}, {change.high:+.3f}]); {curse}."
    ]


def _by_tag(decision: Decision, swept: Sequence[str]) -> list[str]:
    """Kinds of questions on which another configuration is proven better, the widest gap first."""
    worse: list[tuple[float, str]] = []
    for each in decision.by_tag:
        losses = {name: test for name, test in each.versus.items() if test.finding == "worse"}
        if each.rival and each.versus_rival and each.versus_rival.finding == "worse":
            losses = {f"#{each.rival.number} ({configuration(each.rival, swept)})": each.versus_rival} | losses
        if losses:
            name, test = min(losses.items(), key=lambda pair: pair[1].difference.mean)
            said = f"On the {each.n} questions tagged {each.tag!r} it is worse than {name} ({_numbers(test)})."
            worse.append((test.difference.mean, said))
    worse.sort()
    left = len(worse) - MOST_TAGS
    more = [f"{left} more kinds of questions on which another is better."] if left > 0 else []
    return [said for _, said in worse[:MOST_TAGS]] + more


def _resolution(decision: Decision) -> list[str]:
    found, n = decision.resolution, decision.best.value.n
    if not found.detectable > 0:  # NaN, or nothing differs anywhere: their spread is not known
        return []
    said = f"{n} dev questions show a true difference of {found.detectable:.3f} four times in five"
    shown = decision.rows[1].p_adjusted <= ALPHA
    if found.lead_needs is None or shown or found.lead_needs <= n:
        return [f"{said}."]
    return [f"{said}; to show a lead of {found.lead:.3f} over the next takes about {_round(found.lead_needs):,}."]


def _front(decision: Decision, swept: Sequence[str]) -> list[str]:
    if decision.second is None:
        return []
    shown = "; ".join(configuration(row.measured, swept) for row in decision.front[:MOST_TAGS])
    more = f"; and {len(decision.front) - MOST_TAGS} more" if len(decision.front) > MOST_TAGS else ""
    return [f"{len(decision.front)} on the Pareto front of {decision.metric} and {decision.second[0]}: {shown}{more}."]


def _apart(decision: Decision) -> list[str]:
    n_apart = len(decision.rows) - decision.n_compared
    if not n_apart:
        return []
    n_pruned = sum(row.measured.pruned for row in decision.rows if not row.comparable)
    why = f" ({n_pruned} stopped by racing)" if n_pruned else ""
    return [f"{n_apart} scored on other questions{why} and not ranked."]


def _round(number: int) -> int:
    """Two digits: more would be a promise."""
    size: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // size) * size
