"""Findings -> sentences: what they mean for a sweep, without a number that is not in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from rag_sweeps.judge_check.agreement import Agreement
from rag_sweeps.judge_check.consistency import Resolution
from rag_sweeps.judge_check.estimates import Estimate
from rag_sweeps.judge_check.injection import Injection
from rag_sweeps.judge_check.measuring import Findings
from rag_sweeps.judge_check.scores import SCORE
from rag_sweeps.judge_check.sensitivity import Sensitivity


def describe(findings: Findings) -> list[str]:
    """One sentence or two per question a reader has, in the order of their weight."""
    return [
        _resolution(findings.resolution),
        *_bias(findings.agreement),
        *_agreement(findings.agreement),
        _repeats(findings),
        *_order(findings.order),
        *_length(findings.length),
        _injection(findings.injection),
    ]


def describe_correction(corrected: Estimate, judged_mean: float, what: str) -> str:
    """What people would have given the answers of a trial."""
    return (
        f"{what}: the judge's mean {SCORE} is {judged_mean:.3f}; people would have given {show(corrected)}, if these "
        "answers are of the kind that was labelled."
    )


def show(estimate: Estimate) -> str:
    return "not defined" if estimate.n == 0 else f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def show_share(estimate: Estimate) -> str:
    if estimate.n == 0:
        return "not defined"
    return f"{estimate.value:.1%} [{estimate.low:.1%}, {estimate.high:.1%}]"


def _resolution(resolution: Resolution) -> str:
    if math.isnan(resolution.smallest):
        return "No answer was scored twice: nothing can be said about the noise of this judge."
    n = resolution.n_questions
    exceeding = [size for size, needed in resolution.needed.items() if needed <= n]
    hidden = [f"{size:g} (takes {needed:,} questions)" for size, needed in resolution.needed.items() if needed > n]
    smallest = f"{resolution.smallest:.3f}"
    sentence = f"Over {n} questions the noise of this judge alone hides differences of {SCORE} below {smallest}."
    if exceeding:
        sentence += f" Differences of {_listed([f'{size:g}' for size in exceeding])} exceed it."
    if hidden:
        sentence += f" It cannot resolve {_listed(hidden)}."
    return (
        f"{sentence} That is what repeating a verdict, or words that say nothing, do to a score; which questions were "
        "drawn comes on top, and the leaderboard's intervals hold both."
    )


def _bias(agreement: Mapping[str, Agreement]) -> Iterator[str]:
    if SCORE not in agreement:
        return
    bias = agreement[SCORE].bias
    if bias.low > 0 or bias.high < 0:
        direction = "more" if bias.value > 0 else "less"
        yield (
            f"It gives {abs(bias.value):.3f} {direction} than people ({show(bias)}): a mean {SCORE} is corrected by "
            f"{-bias.value:+.3f}. What all configurations share does not change their order."
        )
    else:
        yield f"On average it gives neither more nor less than people can be shown to give: bias {show(bias)}."


def _agreement(agreement: Mapping[str, Agreement]) -> Iterator[str]:
    for name, found in agreement.items():
        if found.kappa.n == 0 or math.isnan(found.kappa.value):
            continue
        if found.kappa.low <= 0:
            yield f"{name}: agreement with people cannot be told from chance (kappa {show(found.kappa)})."
        elif not math.isnan(found.identical.high) and found.identical.high < found.base_rate:
            yield (
                f"{name}: it names the grade of people less often ({show_share(found.identical)}) than a judge that "
                f"always gives their commonest one ({found.base_rate:.1%}); kappa {show(found.kappa)}."
            )


def _repeats(findings: Findings) -> str:
    found = findings.consistency[SCORE]
    unscored = sum(each.n_unscored for name, each in findings.consistency.items() if name != SCORE) or found.n_unscored
    sentence = f"Asked {findings.n_repeats} times, {show_share(found.identical)} of the answers get the same {SCORE}"
    return sentence + (f"; {unscored} verdicts did not come in a grade that was offered." if unscored else ".")


def _order(order: Sensitivity | None) -> Iterator[str]:
    if order is not None:
        yield (
            f"Passages in another order change {show_share(order.changed)} of the grades of groundedness"
            f"{_beside(order)}{_shift(order)}."
        )


def _length(length: Mapping[str, Sensitivity]) -> Iterator[str]:
    found = length[SCORE]
    yield f"Words that say nothing change {show_share(found.changed)} of the scores{_beside(found)}{_shift(found)}."


def _beside(found: Sensitivity) -> str:
    repeating = found.changed_by_repeating
    return f", repeating alone {show_share(repeating)}" if repeating.n else ""


def _shift(found: Sensitivity) -> str:
    if not found.matters:
        return "; no shift in one direction is shown"
    if found.shift.value > 0:
        return f"; they raise the mean by {show(found.shift)}"
    lowered = replace(found.shift, value=-found.shift.value, low=-found.shift.high, high=-found.shift.low)
    return f"; they lower the mean by {show(lowered)}"


def _injection(injection: Injection) -> str:
    if injection.rate.n == 0:
        return "No attack could be judged."
    sentence = (
        f"{len(injection.worked)} of {injection.rate.n} attacks on wrong answers raised a grade: "
        f"{show_share(injection.rate)}."
    )
    if injection.by_chance.n:
        sentence += f" Repeating alone raises as much for {show_share(injection.by_chance)} of the draws."
    if injection.worked:
        sentence += f" They are {_listed(list(injection.worked))}."
    left_out = injection.n_unscored + injection.n_no_room
    return sentence + (f" {left_out} more could not be compared." if left_out else "")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
