"""Golden set, result and winning configuration -> W&B artifacts, linked golden set -> run -> result."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_sweeps.golden import GoldenSet
from rag_sweeps.records import TrialResult
from rag_sweeps.store.golden_sets import keep_golden
from rag_sweeps.store.results import result_text
from rag_sweeps.tracking.privacy import digest, privacy_of

if TYPE_CHECKING:
    import wandb

MAX_NAME_CHARS = 100
GOLDEN_TYPE, RESULT_TYPE, CONFIGURATION_TYPE = "golden-set", "result", "configuration"


def golden_artifact(golden: GoldenSet, *, full: bool) -> wandb.Artifact:
    """The golden set's files; where no text may leave, a list of digests under another name."""
    import wandb

    metadata = {"digest": golden.digest, "n_documents": len(golden.documents), "n_questions": len(golden.questions)}
    if full:
        artifact = wandb.Artifact(
            golden_name(golden, full=True), GOLDEN_TYPE, metadata=metadata | {"name": golden.name}
        )
        folder = keep_golden(golden)
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            artifact.add_file(str(path), name=name, policy="immutable", skip_cache=True)
        return artifact
    artifact = wandb.Artifact(golden_name(golden, full=False), GOLDEN_TYPE, metadata=metadata | {"text": "digests"})
    digests = {
        "documents": [digest(document.text) for document in golden.documents],
        "questions": [digest(question.id) for question in golden.questions],
    }
    _add_text(artifact, "digests.json", json.dumps(digests | {"golden_digest": golden.digest}, indent=1))
    return artifact


def golden_name(golden: GoldenSet, *, full: bool) -> str:
    return f"golden-{slug(golden.name)}" if full else f"golden-{golden.digest[:16]}-digests"


def result_artifact(result: TrialResult) -> wandb.Artifact:
    """Everything that was measured, in the form the store keeps it."""
    import wandb

    metadata = {"trial_id": result.trial_id, "split": result.split, "golden_digest": result.golden_digest}
    artifact = wandb.Artifact(result_name(result.trial_id), RESULT_TYPE, metadata=metadata)
    _add_text(artifact, "result.json", result_text(privacy_of(result).result(result)))
    return artifact


def result_name(trial_id: str) -> str:
    return f"result-{trial_id[:16]}"


def configuration_artifact(name: str, params: Mapping[str, Any], about: Mapping[str, Any]) -> wandb.Artifact:
    """The configuration that a sweep recommends, as its trial's parameters."""
    import wandb

    artifact = wandb.Artifact(f"configuration-{slug(name)}", CONFIGURATION_TYPE, metadata=dict(about))
    _add_text(artifact, "configuration.json", json.dumps(dict(params), indent=2, sort_keys=True) + "\n")
    return artifact


def slug(name: str) -> str:
    """W&B allows ASCII letters, digits, dashes, underscores and dots, 128 characters in all."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:MAX_NAME_CHARS] or "set"


def _files(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _add_text(artifact: wandb.Artifact, name: str, text: str) -> None:
    with artifact.new_file(name, mode="w", encoding="utf-8") as file:
        file.write(text)
