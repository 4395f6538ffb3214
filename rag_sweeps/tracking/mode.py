"""Environment -> which mode runs, and the sentence that says so."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from rag_sweeps.errors import InputError
from rag_sweeps.store.files import home, shown
from rag_sweeps.tracking.limits import limit_wandb

KNOWN_MODES = ("online", "offline", "shared", "disabled", "dryrun", "run")
CLOUD = "https://api.wandb.ai"


@dataclass(frozen=True, slots=True)
class Mode:
    """wandb: what is handed to `wandb.init`; line: the first line a sweep prints."""

    wandb: Literal["online", "offline", "disabled"]
    line: str

    @property
    def is_online(self) -> bool:
        return self.wandb == "online"


def detect_mode(models: Collection[str] = (), *, budget_usd: float | None = None) -> Mode:
    """Never asks, never waits for a network. models: of providers, that will be asked."""
    spending = _spending(sorted(models), budget_usd)
    asked = os.environ.get("WANDB_MODE", "")
    if asked and asked not in KNOWN_MODES:
        raise InputError(f"WANDB_MODE={asked!r} is not one of {', '.join(KNOWN_MODES)}")
    if asked == "disabled":
        return _local("disabled", spending, "W&B is off because WANDB_MODE=disabled")
    where = shown(home() / "wandb")
    if asked in ("offline", "dryrun"):
        return _local("offline", spending, f"W&B writes offline runs to {where} because WANDB_MODE={asked}")
    login = find_login()
    if login is not None:
        server = os.environ.get("WANDB_BASE_URL", CLOUD)
        why = f"runs go to W&B at {server} because {login}; WANDB_MODE=offline keeps them here"
        return Mode("online", f"online mode: {spending or 'no LLM is used, nothing is spent'}; {why}")
    return _local("offline", spending, f"W&B writes offline runs to {where} because no W&B login was found")


def spending_words(models: Collection[str], budget_usd: float | None) -> str:
    """What asking these models may cost."""
    return _spending(sorted(models), budget_usd) or "no LLM is used, nothing is spent"


def find_login() -> str | None:
    """Where W&B has a key from, in words; without asking for one and without the network. None without a key."""
    if os.environ.get("WANDB_API_KEY"):
        return "WANDB_API_KEY is set"
    limit_wandb()
    import wandb

    silent = os.environ.get("WANDB_SILENT")
    os.environ["WANDB_SILENT"] = "true"
    try:
        found = bool(wandb.login(prompt=False, verify=False))
    except (wandb.errors.Error, OSError, ValueError):  # ValueError: a setting in the environment that W&B refuses
        return None
    finally:
        if silent is None:
            del os.environ["WANDB_SILENT"]
        else:
            os.environ["WANDB_SILENT"] = silent
    return "a W&B login was found" if found else None


def _local(wandb: Literal["offline", "disabled"], spending: str | None, why: str) -> Mode:
    return Mode(wandb, f"local mode: {spending or 'no LLM and no account are used, nothing is spent'}; {why}")


def _spending(models: Sequence[str], budget_usd: float | None) -> str | None:
    """Which models are asked and what that may cost; None where none is."""
    if not models:
        return None
    cap = "with no cap (set budget_usd)" if budget_usd is None else f"up to ${budget_usd:.2f} in all"
    return f"the config names {', '.join(models)}: asked over the network and paid for, {cap}"
