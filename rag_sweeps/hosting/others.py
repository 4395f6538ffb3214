"""Runs of a sweep that other machines made: what they measured is fetched, what they left undone is taken over."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_sweeps.errors import RagSweepsError
from rag_sweeps.hosting.hosted_log import Taken, known_runs, note_run, take_asked
from rag_sweeps.hosting.work import Work
from rag_sweeps.objective import metric_interval, with_objective
from rag_sweeps.records import TrialResult
from rag_sweeps.search import baseline_proposals, space_of
from rag_sweeps.store.files import home
from rag_sweeps.store.results import parse_result, read_result, write_result
from rag_sweeps.tracking.artifacts import result_name
from rag_sweeps.tracking.server import Server, translated
from rag_sweeps.tracking.upload import UPLOADED

PAGE = 50
LEFT_UNDONE = ("crashed", "preempted", "preempting")

RUNS_QUERY = """
query SweepRuns($project: String!, $entity: String!, $filters: JSONString, $first: Int, $after: String) {
  project(name: $project, entityName: $entity) {
    runs(filters: $filters, first: $first, after: $after) {
      edges { node { name state jobType tags config summaryMetrics } cursor }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class ServerRun:
    """One run as the server lists it."""

    run_id: str
    state: str
    baseline: str | None
    config: Mapping[str, Any]
    is_whole: bool


def list_runs(work: Work, server: Server) -> Iterator[ServerRun]:
    """Every trial and baseline of the sweep, oldest first."""
    sweep = work.hosted.sweep
    variables: dict[str, Any] = {
        "project": server.address.project,
        "entity": server.address.entity,
        "filters": json.dumps({"$or": [{"sweep": sweep}, {"group": sweep}]}),
        "first": PAGE,
        "after": None,
    }
    while True:
        answer = server.call(RUNS_QUERY, variables, what=f"list the runs of {work.hosted.path}")
        page = ((answer or {}).get("project") or {}).get("runs") or {"edges": [], "pageInfo": {}}
        for edge in page["edges"]:
            run = _server_run(edge["node"])
            if run is not None:
                yield run
        if not page["pageInfo"].get("hasNextPage"):
            return
        variables["after"] = page["pageInfo"]["endCursor"]


def collect(work: Work, server: Server) -> int:
    """Bring into the local log what other machines finished; how many trials that were.

    Results whose text stayed on their machine have no file to fetch; their numbers are on the server alone.
    """
    if work.sweep.constants.get("logged_text", "full") != "full":
        return 0
    known = known_runs(work.log)
    n_collected = 0
    for run in list_runs(work, server):
        if run.run_id in known or not run.is_whole or run.config.get("golden_digest") != work.golden.digest:
            continue
        result = _result(str(run.config.get("trial_id")), server)
        if result is not None and _note(work, run, result):
            n_collected += 1
    return n_collected


def left_undone(work: Work, server: Server) -> ServerRun | None:
    """A run of the sweep whose worker is gone for good, and that no worker on this machine knows."""
    known = known_runs(work.log)
    for run in list_runs(work, server):
        if run.state in LEFT_UNDONE and not run.is_whole and run.run_id not in known and run.baseline is None:
            return run
    return None


def take_over(work: Work) -> Taken | None:
    """A run that the server gave to a worker which is gone; nothing where the server does not answer."""
    try:
        run = left_undone(work, work.sender.server())
    except RagSweepsError:
        return None
    return None if run is None else take_asked(work.sweep, work.hosted, work.log, run.run_id, run.config)


def bring_together(work: Work) -> None:
    """Fetch what other machines measured, so that results and report are the sweep's and not this machine's."""
    if not work.hosted.sweep:
        return
    try:
        work.sender.call(lambda server: collect(work, server), f"list the runs of {work.hosted.path}")
    except RagSweepsError:
        return  # what was measured here is complete without


def _server_run(node: Mapping[str, Any]) -> ServerRun | None:
    if node.get("jobType") in ("summary", "golden-set"):
        return None
    config = {
        name: spec["value"]
        for name, spec in json.loads(node.get("config") or "{}").items()
        if isinstance(spec, dict) and "value" in spec
    }
    baseline = next((tag for tag in node.get("tags") or () if tag != "baseline"), None)
    return ServerRun(
        str(node["name"]),
        str(node["state"]),
        baseline if node.get("jobType") == "baseline" else None,
        config,
        UPLOADED in json.loads(node.get("summaryMetrics") or "{}"),
    )


def _result(trial_id: str, server: Server) -> TrialResult | None:
    """From the store, or else from the run's artifact, which is checked like any stored result."""
    stored = read_result(trial_id, "dev")
    if stored is not None:
        return stored
    name = f"{server.address}/{result_name(trial_id)}:latest"
    folder = Path(tempfile.mkdtemp(prefix=".result-", dir=home()))
    try:
        with translated(f"send the artifact {name}"):
            if not server.api.artifact_exists(name):
                return None
            server.api.artifact(name).download(root=str(folder), skip_cache=True)
        result = parse_result((folder / "result.json").read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if result.trial_id != trial_id or result.params.get("logged_text", "full") != "full":
        return None
    write_result(result)
    return result


def _note(work: Work, run: ServerRun, result: TrialResult) -> bool:
    record = work.log.read_record()
    baselines = baseline_proposals(space_of(work.sweep))
    proposal = {name: run.config[name] for name in work.sweep.swept if name in run.config}
    if run.baseline is not None:
        proposal = baselines.get(run.baseline, proposal)
    values = tuple(
        metric_interval(with_objective(result, record.settings), metric).mean for metric, _ in record.objectives
    )
    with work.log.locked():
        trials = work.log.trials()
        if run.run_id in known_runs(work.log) or (run.baseline and run.baseline in {each.baseline for each in trials}):
            return False
        number = len(trials)
        note_run(work.log, run.run_id)
        work.log.ask(number, proposal, baseline=run.baseline)
        work.log.finish(number, result.trial_id, values)
    return True
