"""One trial -> one W&B run: config, every metric with interval and n, tables, artifacts."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.objective import scalars
from rag_sweeps.records import CUTOFFS, QuestionRecord, TrialResult
from rag_sweeps.store.files import home
from rag_sweeps.store.golden_sets import keep_golden
from rag_sweeps.store.results import result_path
from rag_sweeps.store.sweeps import Asked, SweepRecord
from rag_sweeps.tracking.mode import Mode

if TYPE_CHECKING:
    import wandb

PROJECT = "rag-sweeps"
MAX_NAME_CHARS = 100
TABLE_PASSAGES = 5
CURVE_FAMILIES = ("hit_rate", "mrr", "recall", "precision", "ndcg", "map", "char_recall", "char_precision", "char_iou")


class WandbSink:
    """Writes one run in the sweep's group. The run's id comes from the trial, so a repeat replaces it."""

    def __init__(self, mode: Mode, record: SweepRecord, golden: GoldenSet, trial: Asked) -> None:
        self._mode, self._record, self._golden, self._trial = mode, record, golden, trial

    def write(self, result: TrialResult) -> None:
        if self._mode.wandb == "disabled":
            return
        _keep_files_at_home()
        import wandb

        try:
            run = wandb.init(**self._about(result, wandb))
            run.log(_numbers(result) | self._tables(result, wandb))
            run.log_artifact(self._golden_artifact(wandb))
            run.log_artifact(_result_artifact(result, wandb))
            run.finish()
        except (wandb.errors.Error, OSError, ValueError) as error:  # ValueError: a setting or a name W&B refuses
            raise TrialError(f"W&B did not take trial {self._trial.number}: {error}") from error

    def _about(self, result: TrialResult, wandb: Any) -> dict[str, Any]:
        return {
            "mode": self._mode.wandb,
            "dir": str(home()),
            "project": os.environ.get("WANDB_PROJECT", PROJECT),
            "entity": os.environ.get("WANDB_ENTITY"),
            "group": self._record.sweep_id,
            "job_type": f"baseline {self._trial.baseline}" if self._trial.baseline else "trial",
            "id": f"{self._record.sweep_id}-{result.trial_id[:10]}",
            "name": f"{self._trial.number:03d} {self._trial.baseline or result.trial_id[:6]}",
            "tags": ["baseline"] if self._trial.baseline else [],
            "config": {
                **result.params,
                "trial_id": result.trial_id,
                "golden_digest": result.golden_digest,
                "environment": dict(result.environment),
            },
            "reinit": "create_new",
            "settings": wandb.Settings(silent=True, console="off", x_disable_stats=True, quiet=True),
        }

    def _tables(self, result: TrialResult, wandb: Any) -> dict[str, Any]:
        curve = [
            [k, *(result.metrics[f"{family}@{k}"].mean for family in CURVE_FAMILIES)]
            for k in CUTOFFS
            if result.metrics[f"hit_rate@{k}"].n
        ]
        names = ["hit_rate@5", "mrr@10", "recall@10", *(n for n in ("answer_score",) if n in result.per_question)]
        columns = ["id", "question", "tags", "evidence", "passages", "relevant", "answer", "reference", "verdict"]
        rows = [
            [*self._row(record), *(result.per_question[name][at].item() for name in names)]
            for at, record in enumerate(result.questions)
        ]
        return {
            "curve_over_k": wandb.Table(columns=["k", *CURVE_FAMILIES], data=curve),
            "per_question": wandb.Table(columns=[*columns, *names], data=rows),
        }

    def _row(self, record: QuestionRecord) -> list[Any]:
        question = next(q for q in self._golden.questions if q.id == record.question_id)
        shown = record.passages[:TABLE_PASSAGES]
        documents = self._golden.documents
        return [
            question.id,
            question.text,
            ", ".join(question.tags),
            "\n---\n".join(evidence.quote for evidence in question.evidence),
            "\n---\n".join(
                f"[{documents[p.doc].id} {p.start}:{p.end}]\n{documents[p.doc].text[p.start : p.end]}" for p in shown
            ),
            ", ".join(str(rank) for rank, passage in enumerate(record.passages, start=1) if passage.relevant),
            record.answer.text if record.answer else None,
            question.answer,
            record.verdict.reason if record.verdict else None,
        ]

    def _golden_artifact(self, wandb: Any) -> wandb.Artifact:
        metadata = {"digest": self._golden.digest, "n_documents": len(self._golden.documents)}
        artifact = wandb.Artifact(
            f"golden-{_slug(self._golden.name)}", "golden-set", metadata=metadata | {"name": self._golden.name}
        )
        folder = keep_golden(self._golden)
        for path in _files(folder):
            artifact.add_file(str(path), name=path.relative_to(folder).as_posix(), policy="immutable", skip_cache=True)
        return artifact  # type: ignore[no-any-return]


def _files(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _result_artifact(result: TrialResult, wandb: Any) -> wandb.Artifact:
    artifact = wandb.Artifact(f"result-{result.trial_id[:16]}", "result", metadata={"trial_id": result.trial_id})
    artifact.add_file(str(result_path(result.trial_id, "dev")), name="result.json", policy="immutable", skip_cache=True)
    return artifact  # type: ignore[no-any-return]


def _numbers(result: TrialResult) -> dict[str, Any]:
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


def _keep_files_at_home() -> None:
    """W&B's staging and cache folders belong under this program's home too, unless the user put them elsewhere."""
    os.environ.setdefault("WANDB_DATA_DIR", str(home() / "wandb" / "data"))
    os.environ.setdefault("WANDB_CACHE_DIR", str(home() / "wandb" / "cache"))


def _slug(name: str) -> str:
    """W&B allows ASCII letters, digits, dashes, underscores and dots, 128 characters in all."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:MAX_NAME_CHARS] or "set"
