"""Environment variables that keep W&B's client patient for seconds, silent, and its files at home."""

from __future__ import annotations

import os

from rag_sweeps.store.files import home

ANSWER_SECONDS = 8
"""Longest one call may take before the server counts as unreachable."""

LIMITS = {
    "WANDB_HTTP_TIMEOUT": str(ANSWER_SECONDS),
    "WANDB_DISABLE_WEAVE": "true",  # an imported weave would be started by wandb.init, and may ask for a key
    "WANDB_CONSOLE": "off",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_QUIET": "true",
    "WANDB_SILENT": "true",
    "WANDB_LOGIN_TIMEOUT": "1",
    # Names that W&B reads as settings of its client; without them it tries for minutes.
    "WANDB_X_GRAPHQL_RETRY_MAX": "2",
    "WANDB_X_FILE_TRANSFER_RETRY_MAX": "2",
    "WANDB_X_FILE_STREAM_RETRY_MAX": "3",
}


def limit_wandb() -> None:
    """Keep W&B's files at home and its patience short. Before wandb is imported, or it is too late."""
    for name, value in LIMITS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("WANDB_DATA_DIR", str(home() / "wandb" / "data"))
    os.environ.setdefault("WANDB_CACHE_DIR", str(home() / "wandb" / "cache"))
