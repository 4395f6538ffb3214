"""The trials that a sweep knows -> the race that its next one runs, where racing can save anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rag_sweeps.config import SweepConfig
from rag_sweeps.config.objectives import racing_weight
from rag_sweeps.curves import CONTEXT_TOKENS
from rag_sweeps.golden import GoldenSet
from rag_sweeps.objective import OBJECTIVE, per_question, with_objective
from rag_sweeps.outcome import stored_result
from rag_sweeps.parameters import TrialParams
from rag_sweeps.proposing import known
from rag_sweeps.protocols import Race
from rag_sweeps.racing import Race as QuestionRace
from rag_sweeps.racing import RaceRule, question_order
from rag_sweeps.records import Floats, Ints, Look
from rag_sweeps.store.sweeps import Asked, SweepLog, SweepRecord


def open_race(
    sweep: SweepConfig, params: TrialParams, golden: GoldenSet, log: SweepLog, trial: Asked, record: SweepRecord
) -> Race | None:
    """None for a baseline, where `racing` is off, and where answers cannot move the one objective question by question.

    The incumbent is the best of the trials that any worker would know, so that every worker drops the same.
    """
    weight = racing_weight([name for name, _ in record.objectives], record.settings)
    if not params.racing or trial.baseline is not None or weight is None or params.generator == "none":
        return None
    ids = [question.id for question in golden.split("dev")]
    order = question_order(ids, params.seed, golden_digest=golden.digest)
    race = QuestionRace(
        RaceRule(block=params.race_block, first_look=params.race_block),
        _incumbent(log, trial, record),
        order,
        record.count + record.n_baselines,
        worst=-weight * _most_context_tokens(sweep, params),
        best=1.0,
    )
    return SweepRace(race, order, params.race_block, record)


class SweepRace:
    """Fits protocols.Race: the objective of a sweep, in the order in which all its trials answer."""

    def __init__(self, race: QuestionRace, order: Ints, block: int, record: SweepRecord) -> None:
        self._race, self._order, self._record = race, order, record
        self.blocks: Sequence[Ints] = [order[start : start + block] for start in range(0, len(order), block)]
        self._n_looks = 0

    def look(self, scores: Mapping[str, Floats]) -> Look:
        """After the next block. Nothing is dropped at the last one: all its answers are paid."""
        self._n_looks += 1
        n_reached = sum(len(block) for block in self.blocks[: self._n_looks])
        values = _objective(scores, self._record, len(self._order))
        look = self._race.look(values[self._order[:n_reached]])
        if n_reached == len(self._order) and not look.keep_going:
            return Look(True, "goes on", look.mean_difference, look.low, look.high, look.evidence, look.chance, look.n)
        return look


def _objective(scores: Mapping[str, Floats], record: SweepRecord, n_questions: int) -> Floats:
    """(Q,) the objective so far; NaN where a question was not reached or is not defined."""
    if record.metric != OBJECTIVE:
        return scores.get(record.metric, np.full(n_questions, np.nan))
    quality = scores.get(str(record.settings["quality_metric"]), np.full(n_questions, np.nan))
    weight = float(record.settings["cost_weight"])
    return quality - weight * scores[CONTEXT_TOKENS] if weight else quality


def _incumbent(log: SweepLog, trial: Asked, record: SweepRecord) -> Floats | None:
    """(Q,) scores of the best finished trial that any worker knows at this number; None for the first ones."""
    before = log.trials()[: trial.number]
    finished = [each for each in known(before, parallel=record.parallel) if each.state == "finished"]
    if not finished:
        return None
    best = max(finished, key=lambda each: (each.values[0], -each.number))
    result = stored_result(log, best)
    return None if result is None else per_question(with_objective(result, record.settings), record.metric)


def _most_context_tokens(sweep: SweepConfig, params: TrialParams) -> int:
    """No question of any trial of the sweep can be given more."""
    return _most(sweep, params, "top_k") * _most(sweep, params, "chunk_size")


def _most(sweep: SweepConfig, params: TrialParams, name: str) -> int:
    spec: Mapping[str, Any] = sweep.swept.get(name, {})
    return int(max([*spec.get("values", []), spec.get("max", 0), getattr(params, name)]))
