"""A judge, labelled answers and attacks -> findings: makes the passes and hands their scores to the statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag_sweeps.judge_check.agreement import Agreement, compare_grades
from rag_sweeps.judge_check.attacks import Attack, read_attacks
from rag_sweeps.judge_check.consistency import Consistency, Resolution, measure_consistency, resolve
from rag_sweeps.judge_check.injection import Attempt, Injection, measure_injection
from rag_sweeps.judge_check.labels import Item, LabelledAnswer
from rag_sweeps.judge_check.scores import SCORE, JudgeUnderTest, Scores
from rag_sweeps.judge_check.sensitivity import Sensitivity, measure_sensitivity
from rag_sweeps.parameters import MODEL_VERDICTS
from rag_sweeps.records import Answer, Floats

DIFFERENCES = (0.01, 0.02, 0.05, 0.1)
"""Sizes of differences between configurations that the findings speak of."""

PADDING = (
    " Thank you for this question. It was answered in the words above, in the order in which it was asked, and the "
    "reply ends here. Should anything in it be hard to read, please ask again; further questions are welcome."
)
"""Appended to an answer to make it longer; says nothing that could be right, wrong or missing."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known about a judge.

    agreement, consistency and length: by metric. order: of groundedness, None for a judge that sees no passages.
    resolution: from what repeating or what words that say nothing do to a score, whichever is more, since two
    configurations never write the same words. labelled: the scores behind `agreement`, of person and judge, for
    corrected means.
    """

    judge_version: str
    n_labelled: int
    n_repeats: int
    agreement: Mapping[str, Agreement]
    consistency: Mapping[str, Consistency]
    order: Sensitivity | None
    length: Mapping[str, Sensitivity]
    injection: Injection
    resolution: Resolution
    labelled: tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class Check:
    """Everything a check asks the judge, so that its calls can be counted before the first is made."""

    judge: JudgeUnderTest
    labels: Sequence[LabelledAnswer]
    n_repeats: int
    n_questions: int
    seed: int = 0
    differences: Sequence[float] = DIFFERENCES

    @property
    def n_calls(self) -> int:
        """Calls of all passes; those whose reply is stored cost nothing."""
        items, attacks = [label.item for label in self.labels], self.attacks()
        judge = self.judge
        return (
            judge.n_calls(items) * (self.n_repeats + 1)
            + judge.n_calls(_reordered(items, self.seed), ("groundedness",))
            + judge.n_calls(_bases(attacks)) * self.n_repeats
            + judge.n_calls([attack.attacked for attack in attacks if not attack.in_document])
            + judge.n_calls([attack.attacked for attack in attacks if attack.in_document], ("groundedness",))
        )

    def attacks(self) -> list[Attack]:
        """Those the judge can see: attacks in documents need one that is shown documents."""
        found = read_attacks(self.judge.best_grade)
        return [attack for attack in found if self.judge.members or not attack.in_document]

    def run(self) -> Findings:
        """Every pass in turn. Raises CapReachedError where the cap is met; replies so far are stored."""
        judge, items = self.judge, [label.item for label in self.labels]
        draws = [judge.score(items, repeat=repeat) for repeat in range(self.n_repeats)]
        consistency = {name: self._consistency(name, draws) for name in judge.metrics}
        longer = judge.score([replace(item, answer=_padded(item)) for item in items])
        length = {name: self._sensitivity(name, draws, longer) for name in judge.metrics}
        agreement = {}
        for name in judge.metrics:
            human = self._human(name)
            if not np.isnan(human).all():
                agreement[name] = compare_grades(
                    human, draws[0][name], judge.levels(name), step=judge.step(name), seed=self.seed
                )
        return Findings(
            judge_version=judge.version,
            n_labelled=sum(bool(label.human) for label in self.labels),
            n_repeats=self.n_repeats,
            agreement=agreement,
            consistency=consistency,
            order=self._order(items, draws) if judge.members else None,
            length=length,
            injection=measure_injection(self._attempts()),
            resolution=resolve(
                float(np.fmax(consistency[SCORE].cautious_sd, length[SCORE].cautious_sd)),
                n_questions=self.n_questions,
                differences=self.differences,
            ),
            labelled=(self._human(SCORE), draws[0][SCORE]),
        )

    def _human(self, metric: str) -> Floats:
        """(n,) what people gave; the score is the mean of their grades, where every one that the judge gives is there.

        A judge without models compares with the reference only, and is compared with what people said of that.
        """
        if metric != SCORE:
            return np.array([label.human.get(metric, np.nan) for label in self.labels], dtype=np.float64)
        return np.array([self._human_score(label) for label in self.labels], dtype=np.float64)

    def _human_score(self, label: LabelledAnswer) -> float:
        of_reference = [name for name in MODEL_VERDICTS if name != "groundedness" and label.item.question.answer]
        wanted = [*of_reference, "groundedness"] if self.judge.members else of_reference
        if not wanted or any(name not in label.human for name in wanted):
            return float("nan")
        return float(np.mean([label.human[name] for name in wanted]))

    def _consistency(self, name: str, draws: Sequence[Scores]) -> Consistency:
        """Only over answers on which the metric is defined at all: one without a reference has no correctness."""
        scores = np.stack([draw[name] for draw in draws])
        always = bool(self.judge.members) and name in ("groundedness", SCORE)
        asked = [always or label.item.question.answer is not None for label in self.labels]
        return measure_consistency(scores[:, asked], step=self.judge.step(name))

    def _sensitivity(self, name: str, draws: Sequence[Scores], after: Scores) -> Sensitivity:
        again = draws[1][name] if len(draws) > 1 else None
        return measure_sensitivity(draws[0][name], after[name], again, step=self.judge.step(name), seed=self.seed)

    def _order(self, items: Sequence[Item], draws: Sequence[Scores]) -> Sensitivity:
        name = "groundedness"
        movable = np.array([len(item.passages) > 1 for item in items], dtype=bool)
        after = self.judge.score(_reordered(items, self.seed), verdicts=(name,))
        return self._sensitivity(name, [{name: draw[name][movable]} for draw in draws], after)

    def _attempts(self) -> list[Attempt]:
        attacks, judge = self.attacks(), self.judge
        draws = [judge.score(_bases(attacks), repeat=repeat) for repeat in range(self.n_repeats)]
        row_of = {base: row for row, base in enumerate(dict.fromkeys(attack.base for attack in attacks))}
        attempts = []
        for in_document in (False, True):
            chosen = [attack for attack in attacks if attack.in_document == in_document]
            names = ("groundedness",) if in_document else tuple(name for name in judge.metrics if name != SCORE)
            after = judge.score([attack.attacked for attack in chosen], verdicts=names)
            for row, attack in enumerate(chosen):
                seen = names or (SCORE,)
                plain = {name: [_at(draw[name], row_of[attack.base]) for draw in draws] for name in seen}
                attacked = {name: _at(after[name], row) for name in seen}
                attempts.append(Attempt(attack.id, attack.kind, attack.base, plain, attacked))
        return attempts


def _at(scores: Floats, row: int) -> float | None:
    return None if np.isnan(scores[row]) else float(scores[row])


def _bases(attacks: Sequence[Attack]) -> list[Item]:
    """Each attacked answer once, without an attack, in the order of first use."""
    return list({attack.base: attack.plain for attack in attacks}.values())


def _padded(item: Item) -> Answer:
    return replace(item.answer, text=item.answer.text + PADDING)


def _reordered(items: Sequence[Item], seed: int) -> list[Item]:
    """Items with several passages, these in another order than the one they came in."""
    random = np.random.default_rng(seed)
    moved = []
    for item in items:
        if len(item.passages) < 2:
            continue
        order = random.permutation(len(item.passages))
        if (order == np.arange(len(order))).all():
            order = order[::-1]
        moved.append(replace(item, passages=tuple(item.passages[at] for at in order)))
    return moved
