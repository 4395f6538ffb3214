"""A pending run -> a run the server was seen to hold. What is there already is not sent again."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.objective import with_objective
from rag_sweeps.records import TrialResult
from rag_sweeps.store.golden_sets import kept_golden_folder
from rag_sweeps.store.replies import ReplyStore
from rag_sweeps.store.results import read_kept_result, read_result
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.tracking.artifacts import golden_artifact, result_artifact
from rag_sweeps.tracking.numbers import config_of
from rag_sweeps.tracking.pending import PendingRun
from rag_sweeps.tracking.privacy import privacy_of
from rag_sweeps.tracking.server import Server, ServerDownError, translated
from rag_sweeps.tracking.traces import trace_result
from rag_sweeps.tracking.wandb_runs import log_result, open_run
from rag_sweeps.tracking.weave_client import is_traced, open_weave

if TYPE_CHECKING:
    import wandb

SEEN_SECONDS = 6.0
"""How long a server may take to show what it was sent."""

UPLOADED = "uploaded"
"""Summary key of a run that was sent as a whole."""

RUN_QUERY = """
query RunSeen($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { name state summaryMetrics historyLineCount } }
}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server shows of a run."""

    state: str
    summary: dict[str, Any]
    n_history: int

    @property
    def is_whole(self) -> bool:
        return UPLOADED in self.summary and self.state not in ("running", "pending")


def upload(pending: PendingRun, server: Server, golden: GoldenSet | None = None) -> None:
    """Send what the server lacks and see it there; the traces are on their way. Raises ServerDownError and InputError.

    Whoever calls waits for the traces (`await_arrival`) and forgets the pending run, once the local log knows that its
    trial ended.
    """
    if not pending.is_measured:
        raise TrialError(f"trial {pending.number} of {pending.log_id} was not measured yet")
    seen = look(pending, server)
    with ThreadPoolExecutor(1) as beside:
        # Weave takes its time to start, most of it without this program's help.
        traced = beside.submit(_trace, pending, server, golden, is_new=seen is None)
        if seen is None or not seen.is_whole:
            with translated(f"take run {pending.place.run_id}"):
                _send(pending, server, golden, seen)
            _await_whole(pending, server)
        traced.result()


def _trace(pending: PendingRun, server: Server, golden: GoldenSet | None, *, is_new: bool) -> None:
    result = _result(pending)
    if result is None or not is_traced():
        return
    client = open_weave(str(server.address), server.api.api_key)
    with translated(f"trace run {pending.place.run_id}"):
        trace_result(
            result,
            _golden(result, pending, golden),
            client,
            run_id=pending.place.run_id,
            name=pending.place.name,
            replies=ReplyStore() if _has_replies(result) else None,
            is_new=is_new,
        )


def look(pending: PendingRun, server: Server) -> Seen | None:
    """None for a run that the server does not know."""
    return look_at(pending.place.run_id, server)


def look_at(run_id: str, server: Server) -> Seen | None:
    where = {"project": server.address.project, "entity": server.address.entity, "name": run_id}
    answer = server.call(RUN_QUERY, where, what=f"show run {run_id}")
    run = ((answer or {}).get("project") or {}).get("run")
    if run is None:
        return None
    summary = json.loads(run.get("summaryMetrics") or "{}")
    return Seen(str(run.get("state")), summary, int(run.get("historyLineCount") or 0))


def _send(pending: PendingRun, server: Server, golden: GoldenSet | None, seen: Seen | None) -> None:
    result = _result(pending)
    record = SweepLog(pending.log_id).read_record()
    resumes = seen is not None and (seen.n_history > 0 or bool(seen.summary))
    config = config_of(result, config_path=record.config_path) if result else dict(pending.proposal)
    place = replace(
        pending.place,
        entity=server.address.entity,
        project=server.address.project,
        base_url=server.address.base_url,
    )
    run = open_run(place, mode="online", config=config, resume=resumes)
    code = pending.exit_code
    try:
        if result is None:
            run.summary.update({"failure": pending.failure, UPLOADED: True})
            code = code or 1
        else:
            golden = _golden(result, pending, golden)
            # A row that arrived before the connection broke is not logged a second time.
            if seen is None or seen.n_history == 0:
                log_result(run, result, golden)
            _link_artifacts(run, result, golden, pending)
            run.summary.update({UPLOADED: True})
        if pending.state == "preempted":
            run.mark_preempting()
    except BaseException:
        _abandon(run)
        raise
    run.finish(exit_code=code)


def _golden(result: TrialResult, pending: PendingRun, golden: GoldenSet | None) -> GoldenSet:
    """The golden set as it was measured, also where another command sends the result later."""
    if golden is not None and golden.digest == result.golden_digest:
        return golden
    name = SweepLog(pending.log_id).read_record().golden_name
    return replace(load_golden(kept_golden_folder(result.golden_digest)), name=name)


def _has_replies(result: TrialResult) -> bool:
    return any(record.answer is not None and record.answer.replies for record in result.questions) or any(
        record.verdict is not None and record.verdict.replies for record in result.questions
    )


def _abandon(run: wandb.Run) -> None:
    import wandb

    try:
        run.finish(exit_code=1)
    except (wandb.errors.Error, OSError, TimeoutError, ValueError):
        return  # the reason that is being raised is the first one


def _link_artifacts(run: wandb.Run, result: TrialResult, golden: GoldenSet, pending: PendingRun) -> None:
    """Golden set -> run -> result."""
    if pending.golden:
        run.use_artifact(pending.golden)
    else:
        artifact = golden_artifact(golden, full=privacy_of(result).full)
        run.use_artifact(artifact)
    run.log_artifact(result_artifact(result), aliases=["latest", "dev"])


def _result(pending: PendingRun) -> TrialResult | None:
    """The stored result as its asker wanted it: its own settings of logging and of the objective."""
    if pending.failure is not None or pending.trial_id is None:
        return None
    log = SweepLog(pending.log_id)
    result = read_result(pending.trial_id, "dev")
    if result is None and log.pruned_path(pending.trial_id).is_file():
        result = read_kept_result(log.pruned_path(pending.trial_id))
    if result is None:
        raise InputError(f"the result {pending.trial_id[:16]} is missing or damaged; run the sweep again")
    settings = log.read_record().settings
    if pending.params is not None:
        result = replace(result, params=dict(pending.params))
    return with_objective(result, settings)


def _await_whole(pending: PendingRun, server: Server) -> None:
    until = time.monotonic() + SEEN_SECONDS
    while True:
        seen = look(pending, server)
        if seen is not None and seen.is_whole:
            return
        if time.monotonic() > until:
            raise ServerDownError(f"W&B did not show run {pending.place.run_id} after taking it")
        time.sleep(0.2)
