"""What a number was measured with: git commit, package versions, interpreter, cores."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

NAMED_PACKAGES = (
    *("bm25s", "faiss-cpu", "numpy", "optuna", "rag-sweeps", "scikit-learn", "sentence-transformers"),
    *("sentencex", "tokenizers", "torch", "wandb", "weave"),
)
GIT_TIMEOUT_S = 5


@cache
def environment() -> Mapping[str, str]:
    """Sorted names -> values, the same for every trial of a process."""
    facts = {name: _version(name) for name in NAMED_PACKAGES}
    facts |= {"python": platform.python_version(), "platform": platform.platform(), "cores": str(os.cpu_count())}
    return dict(sorted((facts | {"git_commit": _git_commit()}).items()))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git_commit() -> str:
    """The commit of the working directory, with + where files differ from it."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return "none"


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=True, timeout=GIT_TIMEOUT_S
    ).stdout.strip()
