"""`rag-sweeps results [SWEEP] --json`"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rag_sweeps.decision import Measured
    from rag_sweeps.outcome import Outcome
    from rag_sweeps.records import Look, TrialResult
    from rag_sweeps.store.sweeps import Asked, SweepLog


@click.command()
@click.argument("sweep", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON alone on standard output, for scripts.")
@click.option("--per-question", is_flag=True, help="With --json: the scores of each question by id.")
def results(sweep: str | None, as_json: bool, per_question: bool) -> None:
    """List every trial of a sweep, for people or as JSON.

    SWEEP is the id of a sweep or the beginning of it; without it, the sweep that ran last.
    """
    from rag_sweeps.store.sweeps import find_sweep

    log = find_sweep(sweep)
    if as_json:
        click.echo(json.dumps(sweep_json(log, per_question=per_question), indent=2, allow_nan=False))
        return
    from rich.console import Console

    from rag_sweeps.cli.tables import leaderboard, print_statements
    from rag_sweeps.outcome import read_outcome

    outcome = read_outcome(log)
    record, decision = outcome.record, outcome.decision
    console = Console()
    console.print(leaderboard(decision, record.swept, width=console.width))
    for trial in log.trials():
        if trial.state == "pruned":
            console.print(f"trial {trial.number} dropped: {trial.reason}", style="dim", markup=False, highlight=False)
        if trial.state == "failed":
            console.print(f"trial {trial.number} failed: {trial.reason}", style="red", markup=False, highlight=False)
    print_statements(console, decision, record.swept)


def sweep_json(log: SweepLog, *, per_question: bool) -> dict[str, Any]:
    """What scripts read: every trial with state, parameters, metrics, costs; what was spent and what is missing."""
    from rag_sweeps.hosting.addresses import purse_of
    from rag_sweeps.ledger import spent_usd
    from rag_sweeps.outcome import measured_trials, outcome_of
    from rag_sweeps.proposing import n_measured

    record, trials = log.read_record(), log.trials()
    found = measured_trials(log)
    measured = {entry.number: entry for entry in found}
    missing = [{"number": trial.number, "reason": "not finished"} for trial in trials if trial.state == "waiting"]
    not_asked = record.count - n_measured(trials) - sum(trial.state == "waiting" for trial in trials)
    if not_asked > 0 and not log.is_exhausted():
        missing.append({"trials": not_asked, "reason": f"of {record.count} wanted"})
    return {
        "sweep": record.sweep_id,
        "name": record.name,
        "metric": record.metric,
        "goal": record.goal,
        "golden_digest": record.golden_digest,
        "spent_usd": spent_usd(purse_of(log)),
        "budget_usd": record.budget_usd,
        "missing": missing,
        "decision": _decision_json(outcome_of(log, found)) if any(not entry.pruned for entry in found) else None,
        "trials": [_trial_json(trial, measured.get(trial.number), per_question) for trial in trials],
    }


def _decision_json(outcome: Outcome) -> dict[str, Any]:
    """Trial numbers, and the same statements that a person reads."""
    from rag_sweeps.decision import statements

    decision = outcome.decision
    return {
        "recommended": decision.recommended.measured.number,
        "best": decision.best.measured.number,
        "tied": [row.measured.number for row in decision.tied],
        "not_ranked": [row.measured.number for row in decision.rows if not row.comparable],
        "front": [row.measured.number for row in decision.front],
        "detectable": _number(decision.resolution.detectable),
        "lead_needs": decision.resolution.lead_needs,
        "optimism": _number(decision.optimism),
        "statements": statements(decision, outcome.record.swept),
    }


def _trial_json(trial: Asked, measured: Measured | None, per_question: bool) -> dict[str, Any]:
    result = measured.dev if measured else None
    plain: dict[str, Any] = {
        "number": trial.number,
        "trial_id": trial.trial_id,
        "state": "stopped" if trial.state == "waiting" else trial.state,
        "params": dict(result.params) if result else dict(trial.proposal),
        "baseline": trial.baseline is not None,
        "baseline_name": trial.baseline,
        "metrics": _metrics_json(result) if result else {},
        "costs": asdict(result.costs) if result else {},
    }
    if trial.reason:
        plain["reason"] = trial.reason
    if result:
        plain |= {"n_failed": result.n_failed, "n_unscored": result.n_unscored}
        plain |= {"n_chunks": result.n_chunks, "truncated_share": result.truncated_share}
        plain["looks"] = [_look_json(look) for look in result.looks]
    if measured and measured.test:
        plain["test_metrics"] = _metrics_json(measured.test)
    if result and per_question:
        plain["per_question"] = _per_question_json(result)
        if measured and measured.test:
            plain["test_per_question"] = _per_question_json(measured.test)
    return plain


def _look_json(look: Look) -> dict[str, Any]:
    return {name: _number(value) if isinstance(value, float) else value for name, value in asdict(look).items()}


def _metrics_json(result: TrialResult) -> dict[str, Any]:
    return {
        name: {"mean": _number(value.mean), "low": _number(value.low), "high": _number(value.high), "n": value.n}
        for name, value in result.metrics.items()
    }


def _per_question_json(result: TrialResult) -> Mapping[str, Mapping[str, float | None]]:
    return {
        question: {name: _number(float(values[at])) for name, values in result.per_question.items()}
        for at, question in enumerate(result.question_ids)
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
