"""`rag-sweeps promote --baseline X --candidate Y --registry NAME`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rag_sweeps.store.sweeps import SweepLog, SweepRecord


@click.command()
@click.option("--baseline", "-b", required=True, help="What is in use: a trial id, the beginning of one, or a file.")
@click.option("--candidate", "-c", required=True, help="What is to take its place.")
@click.option("--registry", "-r", required=True, help="W&B registry: NAME or NAME/COLLECTION.")
@click.option("--alias", default="production", show_default=True, help="What the promoted configuration is called.")
@click.option("--metric", help="What is compared question by question [the sweep's quality_metric].")
@click.option("--margin", type=float, help="How much worse is still acceptable, in the metric's unit [0.02].")
@click.option(
    "--split", type=click.Choice(["dev", "test"]), help="[test; dev where the golden set has no test questions]"
)
def promote(
    baseline: str,
    candidate: str,
    registry: str,
    alias: str,
    metric: str | None,
    margin: float | None,
    split: str | None,
) -> None:
    """Link a configuration to the W&B Registry, if the gate lets it take the place of the baseline.

    The linked artifact holds the configuration and the comparison: both trials, golden set, metric, margin,
    difference with bounds, p, who promoted it and when. The same promotion again changes nothing.

    Exit code 0: linked, or linked before. 1: not proven, nothing is linked. 2: the two cannot be compared, or no login.
    """
    from rag_sweeps.cli.gate import gate_lines, read_pair
    from rag_sweeps.cli.hosted import need_login
    from rag_sweeps.errors import EXIT_FAILED
    from rag_sweeps.gating import gate
    from rag_sweeps.hosting.reporting import server_of
    from rag_sweeps.tracking.privacy import Privacy
    from rag_sweeps.tracking.promotion import Promotion
    from rag_sweeps.tracking.promotion import promote as link
    from rag_sweeps.tracking.server import connect

    theirs, ours = read_pair(baseline, candidate, split)
    found = gate(theirs, ours, metric=metric, margin=margin)
    for line in gate_lines(found, forced=split is not None):
        click.echo(line)
    if not found.is_promoted:
        click.echo("nothing is linked")
        sys.exit(EXIT_FAILED)
    need_login("a promotion")
    sweep = _sweep_of(ours.trial_id)
    promotion = Promotion(
        gate=found,
        baseline=theirs,
        candidate=ours,
        name=sweep[1].name if sweep else ours.trial_id[:16],
        registry=registry,
        alias=alias,
        privacy=Privacy(full=_may_leave(ours.trial_id)),
    )
    name, is_new = link(promotion, server_of(sweep[0]) if sweep else connect())
    click.echo(f"{'linked' if is_new else 'linked before'}: {name} is {alias}")


def _sweep_of(trial_id: str) -> tuple[SweepLog, SweepRecord] | None:
    """The sweep that a trial came from; one that W&B hosts before one that it does not."""
    from rag_sweeps.hosting.addresses import recall
    from rag_sweeps.store.sweeps import SweepLog, sweeps_with

    found = {record.sweep_id: record for record, _ in sweeps_with(trial_id)}
    pairs = [(SweepLog(sweep_id), record) for sweep_id, record in found.items()]
    return max(pairs, key=lambda pair: (recall(pair[0]) is not None, pair[1].created), default=None)


def _may_leave(trial_id: str) -> bool:
    """Only what every sweep that measured the trial would send."""
    from rag_sweeps.store.sweeps import sweeps_with

    records = [record for record, _ in sweeps_with(trial_id)]
    return bool(records) and all(record.full_text for record in records)
