"""A worker that is told to end in the middle of a trial -> a run that says so on the server, within seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from rag_sweeps.errors import RagSweepsError
from rag_sweeps.tracking.pending import PendingRun, read_pending
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.server import Server, translated
from rag_sweeps.tracking.wandb_runs import open_run

MARK_SECONDS = 10.0

STOP_QUERY = """
query RunStop($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { name stopped shouldStop } }
}
"""


def was_stopped(pending: PendingRun, sender: Sender) -> bool:
    """Whether somebody asked W&B to stop this very run, as against a machine that is taken away."""
    where = {"project": pending.address.project, "entity": pending.address.entity, "name": pending.place.run_id}
    answers: list[bool] = []

    def ask() -> None:
        try:
            answer = sender.server().call(STOP_QUERY, where, what=f"show run {pending.place.run_id}", timeout_s=4)
        except RagSweepsError:
            return
        run = ((answer or {}).get("project") or {}).get("run") or {}
        answers.append(bool(run.get("stopped") or run.get("shouldStop")))

    _within(ask, 5.0)
    return answers == [True]


def mark_preempted(pending: PendingRun, sender: Sender) -> None:
    """Tell W&B that the run ends here and may go on elsewhere. Nothing is lost where it does not listen."""
    current = read_pending(pending.log_id, pending.number)
    if current is None or current.is_measured:
        return

    def mark() -> None:
        try:
            _mark(pending, sender.server())
        except RagSweepsError:
            return

    _within(mark, MARK_SECONDS)


def _mark(pending: PendingRun, server: Server) -> None:
    place = replace(pending.place, entity=pending.address.entity, project=pending.address.project)
    with translated(f"take run {place.run_id}"):
        run = open_run(place, mode="online", config=dict(pending.proposal), resume=True)
        run.mark_preempting()
        run.finish(exit_code=1)


def _within(body: Callable[[], None], seconds: float) -> None:
    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(seconds)
