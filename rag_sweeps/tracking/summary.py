"""Decision -> the sweep's summary run: a leaderboard, the recommended configuration, written only when they changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag_sweeps.decision import Decision, Row, sentence
from rag_sweeps.parameters import effective
from rag_sweeps.store.files import digest_of
from rag_sweeps.store.sweeps import SweepRecord
from rag_sweeps.tracking.artifacts import configuration_artifact
from rag_sweeps.tracking.server import Server, translated
from rag_sweeps.tracking.tables import Table
from rag_sweeps.tracking.upload import look_at
from rag_sweeps.tracking.wandb_runs import RunPlace, open_run

DIGEST = "leaderboard_digest"
SHOWN_METRICS = ("mrr@10", "hit_rate@5", "answer_score", "context_tokens_per_question")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sweep came to. digest: changes with anything in it."""

    leaderboard: Table
    numbers: Mapping[str, Any]
    configuration: Mapping[str, Any]
    digest: str


def summarize(decision: Decision, record: SweepRecord) -> Summary:
    columns = (
        *("rank", "trial", "baseline", *record.swept),
        *(decision.metric, "low", "high", "n", "versus_best", "p", "tied", "recommended"),
        *(name for name in SHOWN_METRICS if name != decision.metric),
        *("usd_per_1k_questions", "trial_id"),
    )
    rows = tuple(_line(rank, row, decision, record) for rank, row in enumerate(decision.rows, start=1))
    recommended = decision.recommended
    configuration = {
        name: value for name, value in recommended.measured.dev.params.items() if name not in ("golden_set", "seed")
    }
    numbers = {
        f"best/{decision.metric}": recommended.value.mean,
        f"best/{decision.metric}/low": recommended.value.low,
        f"best/{decision.metric}/high": recommended.value.high,
        "best/trial_id": recommended.measured.dev.trial_id,
        "n_trials": len(rows),
        "n_tied": len(decision.tied),
        "decision": sentence(decision, record.swept),
    }
    digest = digest_of(json.loads(json.dumps([columns, rows, configuration], default=str)))
    return Summary(Table(columns, rows), numbers, configuration, digest)


def write_summary(summary: Summary, place: RunPlace, record: SweepRecord, server: Server) -> bool:
    """Whether anything had to be written. Raises ServerDownError and InputError."""
    import wandb

    seen = look_at(place.run_id, server)
    if seen is not None and seen.summary.get(DIGEST) == summary.digest:
        return False
    config = {"sweep": record.sweep_id, "golden_digest": record.golden_digest, "objectives": list(record.objectives)}
    with translated(f"take run {place.run_id}"):
        run = open_run(place, mode="online", config=config, resume=seen is not None)
        table = wandb.Table(
            columns=list(summary.leaderboard.columns), data=[list(row) for row in summary.leaderboard.rows]
        )
        run.log({"leaderboard": table})
        about = {"sweep": record.sweep_id, "trial_id": summary.numbers["best/trial_id"]}
        run.log_artifact(configuration_artifact(record.sweep_id, summary.configuration, about))
        run.summary.update({**summary.numbers, DIGEST: summary.digest})
        run.finish()
    return True


def _line(rank: int, row: Row, decision: Decision, record: SweepRecord) -> tuple[Any, ...]:
    result = row.measured.dev
    used = effective(result.params)
    return (
        rank if row.comparable else None,
        row.measured.number,
        row.measured.baseline,
        *(_plain(used.get(name)) for name in record.swept),
        *(row.value.mean, row.value.low, row.value.high, row.value.n),
        *(row.versus_best.mean, row.p_adjusted, row.tied, row is decision.recommended),
        *(
            result.metrics[name].mean if name in result.metrics else None
            for name in SHOWN_METRICS
            if name != decision.metric
        ),
        *(result.costs.usd_per_1k_questions, result.trial_id),
    )


def _plain(value: object) -> str | None:
    """One type per column: W&B's tables refuse to mix numbers and text."""
    return None if value is None else str(value)
