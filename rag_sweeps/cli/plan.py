"""`rag-sweeps plan CONFIG`"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag_sweeps.config import SweepConfig
    from rag_sweeps.golden import GoldenSet
    from rag_sweeps.planning import Kept, Line, Plan, Range


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(min=1), help="Finished trials wanted in all [run_cap].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON alone.")
def plan(config: Path, count: int | None, as_json: bool) -> None:
    """Say what a sweep will take, before anything is spent.

    One line per provider and purpose with calls, tokens and dollars, from a low guess to the most that is expected.
    Makes no request and needs no key.
    """
    from rag_sweeps.config import load_sweep, missing_keys
    from rag_sweeps.errors import InputError
    from rag_sweeps.golden import load_golden
    from rag_sweeps.planning import plan_sweep
    from rag_sweeps.prices import open_prices
    from rag_sweeps.sweep import sweep_id

    sweep = load_sweep(config)
    if sweep.golden_dir is None:
        raise InputError(f"{config}: golden_set is an artifact; a plan needs its folder: download it, and name that")
    golden = load_golden(sweep.golden_dir)
    prices = open_prices(str(sweep.constants.get("prices", "")))
    made = plan_sweep(sweep, golden, prices, count=count, kept=find_kept(sweep, golden))
    missing, name = missing_keys(sweep), sweep_id(sweep, golden)
    if as_json:
        click.echo(json.dumps(plain(made, name, missing), indent=2))
        return
    for line in shown(made, name, golden, missing):
        click.echo(line)


def find_kept(sweep: SweepConfig, golden: GoldenSet) -> Kept:
    """What earlier runs left: finished trials, replies, vectors and dollars of this sweep."""
    from rag_sweeps.hosting.addresses import purse_of
    from rag_sweeps.ledger import spent_usd
    from rag_sweeps.planning import Kept
    from rag_sweeps.store.sweeps import SweepLog
    from rag_sweeps.sweep import sweep_id

    log = SweepLog(sweep_id(sweep, golden))
    trials = log.trials() if (log.folder / "log.jsonl").is_file() else []
    finished = [trial for trial in trials if trial.state in ("finished", "pruned")]
    return Kept(
        n_finished=sum(trial.baseline is None for trial in finished),
        finished_baselines=[trial.baseline for trial in finished if trial.baseline is not None],
        spent_usd=spent_usd(purse_of(log)),
        count_replies=_count_replies,
        count_vectors=partial(_count_vectors, sweep, golden),
    )


def plain(made: Plan, sweep_id: str, missing: Sequence[str]) -> dict[str, Any]:
    """The plan as JSON has it."""
    return {
        "sweep": sweep_id,
        "trials": {
            "searched": made.n_searched,
            "baselines": made.n_baselines,
            "finished": made.n_finished,
            "confirmed": _range(made.confirmed, whole=True),
        },
        "questions": {"dev": made.n_dev, "test": made.n_test},
        "lines": [
            {
                "provider": line.provider,
                "purpose": line.purpose,
                "models": list(line.models),
                "calls": _range(line.calls, whole=True),
                "tokens": _range(line.tokens, whole=True),
                "usd": _range(line.usd),
                "kept": line.kept,
            }
            for line in made.lines
        ],
        "usd": _range(made.usd),
        "budget_usd": made.budget_usd,
        "spent_usd": made.spent_usd,
        "trials_within_budget": None if made.within_budget is None else _range(made.within_budget, whole=True),
        "missing_keys": list(missing),
        "prices": made.prices_version,
    }


def shown(made: Plan, sweep_id: str, golden: GoldenSet, missing: Sequence[str]) -> list[str]:
    """The plan as lines for people."""
    done = f"; {made.n_finished} are finished already" if made.n_finished else ""
    again = f", {_words(made.confirmed)} of them again on {made.n_test} test questions" if made.confirmed.high else ""
    head = f"{sweep_id}: {made.n_searched} trials and {made.n_baselines} baselines on {made.n_dev} dev questions"
    table = [("provider", "purpose", "calls", "tokens", "dollars", "models"), *map(_cells, made.lines)]
    table.append(("total", "", "", "", _dollars(made.usd), ""))
    lines = [f"{head} of {golden.name}{again}{done}", "", *_aligned(table), ""]
    for line in made.lines:
        if line.kept is not None:
            what = "vectors" if line.purpose == "embed" else "replies"
            serve = "; the low ends take it that all of them serve" if line.kept else ""
            lines.append(f"kept: {line.kept:,} {what} of {', '.join(line.models)}{serve}")
    lines.append(_budget(made))
    if missing:
        lines.append(f"missing: {', '.join(missing)}; export it before the sweep (this plan needs no key)")
    return [*lines, f"prices: {made.prices_version}"]


def _cells(line: Line) -> tuple[str, ...]:
    tokens = _words(line.tokens) if line.tokens.high else "–"
    return (line.provider, line.purpose, _words(line.calls), tokens, _dollars(line.usd), ", ".join(line.models))


def _aligned(table: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    numbers = range(2, 5)
    return [
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _budget(made: Plan) -> str:
    if made.within_budget is None or made.budget_usd is None:
        return "budget: none; budget_usd: {value: …} sets a cap that no call passes"
    spent = f", {made.spent_usd:.2f} of it spent" if made.spent_usd else ""
    enough = f"all {made.n_left} trials"
    if made.within_budget.low < made.n_left:
        enough = f"{_words(made.within_budget)} of {made.n_left} trials"
    return f"budget: {made.budget_usd:.2f} dollars{spent}: enough for {enough}"


def _count_replies(model: str) -> int:
    from rag_sweeps.store.replies import ReplyStore

    store = ReplyStore()
    try:
        return store.count(model)
    finally:
        store.close()


def _count_vectors(sweep: SweepConfig, golden: GoldenSet, model: str) -> int | None:
    """Vectors of a model in the store; of a model whose settings are swept, nobody can say."""
    from rag_sweeps.embedding import open_embedder
    from rag_sweeps.errors import RagSweepsError
    from rag_sweeps.store.files import home
    from rag_sweeps.store.vectors import VectorCache

    try:
        embedder = open_embedder(sweep.trial_params({**_first(sweep), "embedding_model": model}), golden)
        return VectorCache(embedder.identity).count() if (home() / "cache" / "vectors").is_dir() else 0
    except RagSweepsError:  # a model that is not here, or a key that is not: the plan needs neither
        return None


def _first(sweep: SweepConfig) -> dict[str, Any]:
    """One trial's parameters."""
    return {name: spec["values"][0] if "values" in spec else spec["min"] for name, spec in sweep.swept.items()}


def _words(span: Range) -> str:
    low, high = f"{span.low:,.0f}", f"{span.high:,.0f}"
    return low if low == high else f"{low} – {high}"


def _dollars(span: Range) -> str:
    if not span.high:
        return "0"
    digits = 2 if span.high >= 1 else 4
    low, high = (f"{value:,.{digits}f}" for value in (span.low, span.high))
    return low if low == high else f"{low} – {high}"


def _range(span: Range, *, whole: bool = False) -> dict[str, float]:
    low, high = (int(span.low), int(span.high)) if whole else (round(span.low, 9), round(span.high, 9))
    return {"low": low, "high": high}
