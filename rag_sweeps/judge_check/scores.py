"""Items -> scores by metric: one pass of the judge under test, with models or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag_sweeps.errors import InputError
from rag_sweeps.judge_check.labels import Item
from rag_sweeps.judging import judge_version, open_judge
from rag_sweeps.parameters import MODEL_VERDICTS, TrialParams, is_model, judges_of
from rag_sweeps.prompts.rubric import read_rubric
from rag_sweeps.protocols import Caller, Progress
from rag_sweeps.records import Floats

SCORE = "answer_score"

Scores = Mapping[str, Floats]
"""Metric -> (n,) scores, NaN where the metric is not defined for an item or did not come."""


@dataclass(frozen=True, slots=True)
class JudgeUnderTest:
    """The judge of a config. Raises InputError where the config has none."""

    params: TrialParams
    caller: Caller | None
    progress: Progress

    def __post_init__(self) -> None:
        if judge_version(self.params) is None:
            raise InputError("judge: this config has no judge to check; set generator and judge to other than none")

    @property
    def version(self) -> str:
        return judge_version(self.params) or ""

    @property
    def members(self) -> tuple[str, ...]:
        """The models that are asked; none for the reference judge."""
        return tuple(model for model in judges_of(self.params.judge) if is_model(model))

    @property
    def metrics(self) -> tuple[str, ...]:
        """What it scores: the verdicts of a model, and the score they make."""
        return (*MODEL_VERDICTS, SCORE) if self.members else (SCORE,)

    @property
    def best_grade(self) -> str:
        """The letter an attack asks for."""
        return next(iter(read_rubric(self.params.judge_prompt).criteria["correctness"].grades))

    def levels(self, metric: str) -> Floats | None:
        """The scores of its grades, ascending; None for what is no grade."""
        if metric not in MODEL_VERDICTS or not self.members:
            return None
        return np.array(sorted(read_rubric(self.params.judge_prompt).criteria[metric].grades.values()))

    def step(self, metric: str) -> float:
        """The smallest error that a grader makes: one grade, in the score one grade of one of three verdicts."""
        grades = read_rubric(self.params.judge_prompt).criteria
        if metric in grades:
            return 1 / (len(grades[metric].grades) - 1)
        return max(1 / (len(criterion.grades) - 1) for criterion in grades.values()) / len(grades)

    def n_calls(self, items: Sequence[Item], verdicts: Sequence[str] = MODEL_VERDICTS) -> int:
        """Calls that one pass makes; a reply that is stored already is not asked for again."""
        with_reference = sum(item.question.answer is not None for item in items)
        asked = [len(items) if verdict == "groundedness" else with_reference for verdict in verdicts]
        return len(self.members) * sum(asked)

    def score(self, items: Sequence[Item], *, repeat: int = 0, verdicts: Sequence[str] = MODEL_VERDICTS) -> Scores:
        """One pass over the items, as a trial would judge them."""
        judge = open_judge(
            self.params,
            caller=self.caller,
            trial_id="judge-check",
            progress=self.progress,
            verdicts=verdicts,
            repeat=repeat,
        )
        if judge is None or not items:
            return {metric: np.zeros(0) for metric in self.metrics}
        given = judge.judge(
            [item.question for item in items], [item.answer for item in items], [item.passages for item in items]
        )
        whole = [np.nan if each is None or each.score is None else each.score for each in given]
        parts = {
            name: np.array([np.nan if each is None else each.parts.get(name, np.nan) for each in given], np.float64)
            for name in self.metrics
            if name != SCORE
        }
        return {**parts, SCORE: np.array(whole, dtype=np.float64)}
