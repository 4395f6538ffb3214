"""TrialResult -> the flat numbers and the config of its W&B run."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import rag_sweeps
from rag_sweeps.objective import scalars
from rag_sweeps.records import TrialResult
from rag_sweeps.tracking.privacy import privacy_of

GIT_SECONDS = 5
NOTED_CHARS = 12


def numbers_of(result: TrialResult) -> dict[str, Any]:
    """Every metric once, with its interval beside it; `objective` among them, in one row of history."""
    numbers: dict[str, Any] = dict(scalars(result))
    for name, interval in result.metrics.items():
        if interval.n:
            numbers[name] = interval.mean
            numbers |= {f"{name}/low": interval.low, f"{name}/high": interval.high}
        numbers[f"{name}/n"] = interval.n
    for provider, purposes in result.costs.usd.items():
        numbers |= {f"usd/{provider}/{purpose}": usd for purpose, usd in purposes.items()}
    if result.index_recall is not None:
        numbers["index_recall"] = result.index_recall
    return numbers | {f"seconds/{stage}": seconds for stage, seconds in result.stage_seconds.items()}


def config_of(result: TrialResult, *, config_path: str) -> dict[str, Any]:
    """Every parameter of the trial, and what its numbers rest on."""
    full = privacy_of(result).full
    rows = result.params.get("logged_rows", 1000)
    return {
        **{name: value for name, value in result.params.items() if full or name != "golden_set"},
        "trial_id": result.trial_id,
        "golden_digest": result.golden_digest,
        "environment": dict(result.environment),
        "config_git_commit": config_commit(Path(config_path)),
        "code_git_commit": git_commit(Path(rag_sweeps.__file__).parent),
        "code_version": rag_sweeps.__version__,
        "logged_rows_rule": f"of more than {rows} questions, the {rows} with the smallest SHA-256 of their id",
    }


def commit_note(commit: str) -> str:
    """How a registered config names the commit it was written at, in few enough characters to look like no key."""
    return f"(config at {commit[:NOTED_CHARS]}{'+' if commit.endswith('+') else ''})"


def config_commit(path: Path) -> str:
    """The commit of the config's repository; on a worker, which has no repository, what the config says."""
    commit = git_commit(path.parent)
    if commit == "none" and path.is_file():
        noted = re.search(r"\(config at ([0-9a-f]+\+?)\)", path.read_text(encoding="utf-8"))
        return noted.group(1) if noted else commit
    return commit


@cache
def git_commit(folder: Path) -> str:
    """The commit a folder is at, with + where files of it differ; `none` outside of a repository that tracks it."""
    try:
        if not _git(folder, "ls-files", "."):
            return "none"
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", ".")
        return _git(folder, "rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return "none"


def _git(folder: Path, *arguments: str) -> str:
    # A hook or a variable of somebody else's repository must not answer for this folder.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=GIT_SECONDS,
        env=environment,
    )
    return done.stdout.strip()
