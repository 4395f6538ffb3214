"""A checked sweep config -> a sweep on the W&B server, once: the same search again is the same sweep."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any

import yaml

from rag_sweeps.config import SweepConfig
from rag_sweeps.config.golden_path import ARTIFACT
from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.hosting.addresses import HostedSweep, recall, remember
from rag_sweeps.hosting.golden_sets import upload_golden
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.tracking.numbers import commit_note, git_commit
from rag_sweeps.tracking.server import Server, translated

SWEEP_QUERY = """
query SweepSeen($project: String!, $entity: String!, $sweep: String!) {
  project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { id name state config } }
}
"""


def registered(sweep: SweepConfig, golden: GoldenSet, log: SweepLog, server: Server, *, count: int) -> HostedSweep:
    """The sweep this log was registered as; registered now where it never was, or no longer is there."""
    known = recall(log)
    if known is not None and known.address == server.address and (found := sweep_on_server(known.sweep, server)):
        _raise_cap(found, server, count=count)
        return known
    artifact = upload_golden(golden, server) if sweep.sends_full_text and sweep.golden_dir is not None else None
    document = registered_document(sweep, artifact=artifact, count=count)
    hosted = HostedSweep(server.address, _register(document, server), artifact)
    remember(log, hosted)
    return hosted


def registered_document(sweep: SweepConfig, *, artifact: str | None, count: int) -> dict[str, Any]:
    """What W&B is given: the config as it is written, with golden set, commit and number of trials pinned."""
    document = {**sweep.document, "run_cap": count}
    commit = git_commit(sweep.path.absolute().parent)
    if commit != "none":
        document["description"] = f"{document.get('description', '')} {commit_note(commit)}".strip()
    if artifact is not None:
        pinned = {"value": f"{ARTIFACT}{artifact}"}
        document["parameters"] = {**document["parameters"], "golden_set": pinned}
    return document


def sweep_on_server(sweep: str, server: Server) -> dict[str, Any] | None:
    """Its name, state and config, or None for a sweep that is not there."""
    where = {"project": server.address.project, "entity": server.address.entity, "sweep": sweep}
    try:
        answer = server.call(SWEEP_QUERY, where, what=f"show the sweep {server.address}/{sweep}")
    except InputError as error:
        if "404" in str(error) or "not found" in str(error):
            return None
        raise
    found: dict[str, Any] | None = ((answer or {}).get("project") or {}).get("sweep")
    return found


def _raise_cap(found: Mapping[str, Any], server: Server, *, count: int) -> None:
    """Somebody wants more trials than the sweep was registered with: it runs again."""
    from wandb.apis.public.sweeps import _upsert_sweep

    document = yaml.safe_load(str(found["config"]))
    if int(document.get("run_cap") or count) >= count:
        return
    with translated(f"change the sweep {found['name']}"):
        _upsert_sweep(
            server.api,
            {**document, "run_cap": count},
            obj_id=str(found["id"]),
            state="RUNNING",
            entity=server.address.entity,
            project=server.address.project,
        )


def _register(document: dict[str, Any], server: Server) -> str:
    import wandb

    with translated(f"register the sweep in {server.address}"), contextlib.redirect_stdout(io.StringIO()):
        return str(wandb.sweep(document, entity=server.address.entity, project=server.address.project))
