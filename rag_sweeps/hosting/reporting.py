"""The log of a sweep -> what its W&B report is written from, and the server that holds its runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace

from rag_sweeps.errors import InputError, RagSweepsError
from rag_sweeps.gating import Gate
from rag_sweeps.golden import load_golden
from rag_sweeps.hosting.addresses import find_log, purse_of, recall
from rag_sweeps.hosting.opening import open_work
from rag_sweeps.hosting.others import bring_together
from rag_sweeps.ledger import Ledger, Spending, spent_usd
from rag_sweeps.outcome import Outcome
from rag_sweeps.protocols import no_progress
from rag_sweeps.store.golden_sets import kept_golden_folder
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.tracking.report_blocks import SUMMARY_JOB
from rag_sweeps.tracking.report_content import ReportContent
from rag_sweeps.tracking.server import Address, Server, connect

RUNS_QUERY = """
query RunsSeen($project: String!, $entity: String!, $filters: JSONString) {
  project(name: $project, entityName: $entity) { runCount(filters: $filters) }
}
"""


def server_of(log: SweepLog) -> Server:
    """Where the sweep was registered, or where a local one would be sent. Raises InputError and ServerDownError."""
    known = recall(log)
    if known is None:
        return connect()
    os.environ["WANDB_BASE_URL"] = known.address.base_url
    return connect(entity=known.address.entity or None, project=known.address.project)


def whole_log(name: str | None, *, mode: str) -> tuple[SweepLog, str | None]:
    """The log of a sweep with what other machines measured too, and why that is not in it, where it is not.

    name: of a W&B sweep, which this machine may not know yet, or of a local one. Raises InputError and ServerDownError.
    """
    try:
        log = find_log(name)
    except InputError:
        if name is None or "/" not in name:
            raise
        work = open_work(name, mode=mode, progress=no_progress)
        bring_together(work)
        return work.log, None
    known = recall(log)
    if known is None or not known.sweep:
        return log, None
    os.environ["WANDB_BASE_URL"] = known.address.base_url
    try:
        bring_together(open_work(known.path, mode=mode, progress=no_progress))
    except RagSweepsError as error:
        return log, str(error)
    return log, None


def content_of(log: SweepLog, outcome: Outcome, address: Address, incumbent: Gate | None = None) -> ReportContent:
    """Everything that the log, the store and the ledger know of the sweep."""
    record, known, trials = outcome.record, recall(log), log.trials()
    return ReportContent(
        outcome=outcome,
        golden=replace(load_golden(kept_golden_folder(record.golden_digest)), name=record.golden_name),
        address=address,
        group=(known.sweep if known is not None else "") or log.folder.name,
        sweep=known.sweep if known is not None else "",
        billed=_billed(purse_of(log)),
        n_failed=sum(trial.state == "failed" for trial in trials),
        n_dropped=sum(trial.state == "pruned" for trial in trials),
        incumbent=incumbent,
    )


def n_runs(content: ReportContent, server: Server) -> int:
    """How many trials and baselines of the sweep W&B holds: its plots show no others."""
    where = {"entity": server.address.entity, "project": server.address.project}
    filters = json.dumps({"group": content.group, "jobType": {"$ne": SUMMARY_JOB}})
    answer = server.call(RUNS_QUERY, {**where, "filters": filters}, what=f"count the runs of {server.address}")
    return int(((answer or {}).get("project") or {}).get("runCount") or 0)


def _billed(purse: str) -> Mapping[str, Mapping[str, Spending]]:
    if not spent_usd(purse):
        return {}
    ledger = Ledger()
    try:
        return ledger.by_provider(purse)
    finally:
        ledger.close()
