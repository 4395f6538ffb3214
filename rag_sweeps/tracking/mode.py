"""Environment -> which mode runs, and the sentence that says so."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from rag_sweeps.errors import InputError
from rag_sweeps.store.files import home, shown

KNOWN_MODES = ("online", "offline", "shared", "disabled", "dryrun", "run")


@dataclass(frozen=True, slots=True)
class Mode:
    """wandb: what is handed to `wandb.init`; line: the first line a sweep prints."""

    wandb: Literal["offline", "disabled"]
    line: str


def detect_mode() -> Mode:
    """Never asks, never waits for a network."""
    asked = os.environ.get("WANDB_MODE", "")
    if asked and asked not in KNOWN_MODES:
        raise InputError(f"WANDB_MODE={asked!r} is not one of {', '.join(KNOWN_MODES)}")
    if asked == "disabled":
        return _local("disabled", "W&B is off because WANDB_MODE=disabled")
    where = shown(home() / "wandb")
    if asked in ("offline", "dryrun"):
        return _local("offline", f"W&B writes offline runs to {where} because WANDB_MODE={asked}")
    if logged_in():
        return _local("offline", f"W&B login found, but this version only writes offline runs: wandb sync {where}")
    return _local("offline", f"W&B writes offline runs to {where} because no W&B login was found")


def logged_in() -> bool:
    """Whether W&B has a key, without asking for one and without the network."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    import wandb

    silent = os.environ.get("WANDB_SILENT")
    os.environ["WANDB_SILENT"] = "true"
    try:
        return bool(wandb.login(prompt=False, verify=False))
    finally:
        if silent is None:
            del os.environ["WANDB_SILENT"]
        else:
            os.environ["WANDB_SILENT"] = silent


def _local(wandb: Literal["offline", "disabled"], why: str) -> Mode:
    return Mode(wandb, f"local mode: no LLM and no account are used, nothing is spent; {why}")
