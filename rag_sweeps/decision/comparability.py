"""Measured configurations -> those that were scored on the same questions, and those that were not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag_sweeps.decision.values import Goal, Measured
from rag_sweeps.errors import InputError
from rag_sweeps.objective import is_figure, per_question
from rag_sweeps.records import Floats

FULL_SHARE = 0.9
"""A set of questions that is smaller than this share of the largest is a race that ended early, however common."""


@dataclass(frozen=True, slots=True)
class Comparable:
    """question_ids: (n,) those on which the metric is defined for all of `entries`; scores: number -> (n,) in that
    order, higher is better. is_tested: values per question, not one figure per trial."""

    entries: tuple[Measured, ...]
    apart: tuple[Measured, ...]
    question_ids: tuple[str, ...]
    scores: Mapping[int, Floats]
    is_tested: bool


def comparable(measured: Sequence[Measured], *, metric: str, goal: Goal) -> Comparable:
    """The most common set of questions, and who was scored on exactly it. Raises InputError where there is none."""
    sign = 1.0 if goal == "maximize" else -1.0
    scores = {entry.number: sign * per_question(entry.dev, metric) for entry in measured}
    defined = {entry.number: _defined(entry, scores[entry.number]) for entry in measured}
    whole = {number: questions for number, questions in defined.items() if questions}
    if not whole:
        raise InputError(f"{metric} is not defined on any dev question of this golden set")
    stopped = {entry.number for entry in measured if entry.pruned}
    voters = [questions for number, questions in whole.items() if number not in stopped] or list(whole.values())
    largest = max(map(len, voters))
    votes = Counter(questions for questions in voters if len(questions) >= FULL_SHARE * largest)
    usual = max(votes, key=lambda questions: (votes[questions], len(questions)))
    entries = tuple(entry for entry in measured if defined[entry.number] == usual and entry.number not in stopped)
    entries = entries or tuple(entry for entry in measured if defined[entry.number] == usual)
    asked = set(usual)
    order = tuple(question for question in entries[0].dev.question_ids if question in asked)
    return Comparable(
        entries=entries,
        apart=tuple(entry for entry in measured if entry not in entries),
        question_ids=order,
        scores={entry.number: _in_order(entry, scores[entry.number], order) for entry in entries},
        is_tested=not any(is_figure(entry.dev, metric) for entry in entries),
    )


def _defined(entry: Measured, scores: Floats) -> tuple[str, ...]:
    """Sorted, to be the same whatever order a result holds its questions in."""
    ids = entry.dev.question_ids
    return tuple(sorted(ids[at] for at in np.flatnonzero(~np.isnan(scores)).tolist()))


def _in_order(entry: Measured, scores: Floats, questions: Sequence[str]) -> Floats:
    place = {question: at for at, question in enumerate(entry.dev.question_ids)}
    return scores[[place[question] for question in questions]]
