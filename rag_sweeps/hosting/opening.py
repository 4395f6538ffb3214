"""The name of a W&B sweep -> everything a worker needs: its config, its golden set, a local log."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rag_sweeps.calling import sweep_caller
from rag_sweeps.config import SweepConfig, load_sweep
from rag_sweeps.config.golden_path import ARTIFACT
from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.hosting.addresses import HostedSweep, log_of, parse_sweep, purse_of, recall, remember
from rag_sweeps.hosting.golden_sets import golden_of
from rag_sweeps.hosting.registering import sweep_on_server
from rag_sweeps.hosting.work import Work
from rag_sweeps.protocols import Progress
from rag_sweeps.search import space_of
from rag_sweeps.store.files import home, write_text_atomic
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.sweep import begin, sweep_id
from rag_sweeps.tracking.limits import limit_wandb
from rag_sweeps.tracking.mode import CLOUD
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.server import PROJECT, Address, Server, ServerDownError, connect

ENDLESS = 1_000_000
"""The count of a sweep that has none."""


def open_work(text: str, *, mode: str, progress: Progress) -> Work:
    """Raises InputError where the sweep, its golden set or the key is wrong, ServerDownError where nothing is known."""
    limit_wandb()
    entity, project, sweep_name = parse_sweep(text)
    server: Server | None = None
    try:
        server = connect(entity=entity, project=project)
        address = server.address
    except ServerDownError:
        if entity is None:
            raise
        address = Address(os.environ.get("WANDB_BASE_URL", CLOUD).rstrip("/"), entity, project)
    hosted = HostedSweep(address, sweep_name)
    sweep = load_sweep(_config_file(hosted, server))
    sender = Sender(lambda: connect(entity=address.entity, project=address.project), server)
    golden, artifact = _golden(sweep, sender)
    hosted = replace(hosted, golden=artifact)
    log = log_of(hosted) or _begin_log(sweep, golden, hosted, mode)
    caller = sweep_caller(sweep, purse_of(log))
    return Work(sweep, golden, log, recall(log) or hosted, sender, progress, caller)


def hosted_config(sweep: SweepConfig, hosted: HostedSweep) -> SweepConfig:
    """A config as its workers see it: with the pinned golden set."""
    if hosted.golden is None:
        return sweep
    return replace(sweep, constants={**sweep.constants, "golden_set": f"{ARTIFACT}{hosted.golden}"})


def local_hosting(log: SweepLog) -> HostedSweep:
    """Of a sweep whose server does not answer: where it was registered, or where it will be sent to."""
    project = os.environ.get("WANDB_PROJECT", PROJECT)
    address = Address(os.environ.get("WANDB_BASE_URL", CLOUD).rstrip("/"), os.environ.get("WANDB_ENTITY", ""), project)
    known = recall(log)
    return HostedSweep(address, "") if known is None else replace(known, sweep="")


def _config_file(hosted: HostedSweep, server: Server | None) -> Path:
    """The registered config as a file, from the server or from the last time it answered."""
    name = f"{hosted.address.entity}-{hosted.address.project}-{hosted.sweep}"
    path = home() / "hosted" / f"{name}.yaml"
    if server is None:
        if not path.is_file():
            raise ServerDownError(
                f"W&B does not answer at {hosted.address.base_url}; nothing is known of {hosted.path}"
            )
        return path
    found = sweep_on_server(hosted.sweep, server)
    if found is None:
        raise InputError(f"W&B has no sweep {hosted.path}; it was deleted, or its name is ENTITY/PROJECT/ID of another")
    text = str(found["config"])
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text_atomic(path, text)
    return path


def _golden(sweep: SweepConfig, sender: Sender) -> tuple[GoldenSet, str | None]:
    parameter = str(sweep.constants["golden_set"])
    if not parameter.startswith(ARTIFACT):
        assert sweep.golden_dir is not None, "a checked config names a folder or an artifact"
        return load_golden(sweep.golden_dir), None
    golden, name = golden_of(parameter, sender)
    return golden, f"{name}@{golden.digest}"


def _begin_log(sweep: SweepConfig, golden: GoldenSet, hosted: HostedSweep, mode: str) -> SweepLog:
    if SweepLog(sweep_id(sweep, golden)).trials():
        # Another sweep with the same search: searched here, or registered a second time.
        sweep = replace(sweep, name=f"{hosted.sweep} {sweep.name}")
    points = space_of(sweep).points
    count = sweep.run_cap or (len(points) if points is not None else ENDLESS)
    log = begin(sweep, golden, count=count, mode=mode, created=datetime.now(UTC).isoformat(timespec="seconds"))
    remember(log, hosted)
    return log
