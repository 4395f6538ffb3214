"""Trial results on disk: one JSON file per trial and split, whole or not there, with a checksum of its own."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from rag_sweeps.errors import DamagedCacheWarning, InputError
from rag_sweeps.records import (
    Answer,
    Floats,
    Interval,
    Look,
    QuestionRecord,
    Reply,
    RetrievedPassage,
    Split,
    TrialCosts,
    TrialResult,
    Usage,
    Verdict,
)
from rag_sweeps.store.files import canonical_json, digest_of, home, write_text_atomic


def result_path(trial_id: str, split: Split) -> Path:
    return home() / "results" / trial_id[:2] / f"{trial_id}.{split}.json"


def write_result(result: TrialResult, path: Path | None = None) -> None:
    """Keep a result, where every sweep finds it or at a path of its own. Writing it twice leaves one file."""
    write_text_atomic(path or result_path(result.trial_id, result.split), result_text(result))


def result_text(result: TrialResult) -> str:
    """The content of a result's file, with its checksum."""
    content = _to_plain(result)
    return canonical_json({"checksum": digest_of(content), "result": content})


def read_result(trial_id: str, split: Split) -> TrialResult | None:
    """The stored result, or None where there is none or it is damaged (with a warning)."""
    return read_kept_result(result_path(trial_id, split))


def read_kept_result(path: Path) -> TrialResult | None:
    """The result in a file, or None as above."""
    try:
        return parse_result(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        warnings.warn(f"{path} is damaged ({error}); the trial is measured again", DamagedCacheWarning, stacklevel=2)
        return None


def parse_result(content: bytes) -> TrialResult:
    """Raises ValueError, KeyError or TypeError where the content is damaged."""
    stored = json.loads(content)
    if stored["checksum"] != digest_of(stored["result"]):
        raise ValueError("its checksum does not match")
    return _from_plain(stored["result"])


def read_result_file(path: Path) -> TrialResult:
    """A result from wherever somebody keeps it. Raises InputError where the file is none."""
    try:
        return parse_result(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name a trial id or a file of a result") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no result of a trial ({error}); name a file from {home() / 'results'}") from error


def find_trial_id(prefix: str) -> str:
    """The one stored trial whose id begins so. Raises InputError where there is none, or more than one."""
    folder = home() / "results"
    known = {path.name.partition(".")[0] for path in folder.glob("*/*.json")} if folder.is_dir() else set()
    found = sorted(each for each in known if each.startswith(prefix))
    if not prefix or len(found) != 1:
        many = f"could be any of {', '.join(each[:16] for each in found[:4])}; give more of it"
        problem = many if found and prefix else f"is no trial under {folder}; rag-sweeps results --json lists them"
        raise InputError(f"{prefix!r} {problem}")
    return found[0]


def _to_plain(result: TrialResult) -> dict[str, Any]:
    plain: dict[str, Any] = {
        name: getattr(result, name) for name in TrialResult.__slots__ if name not in ("per_question", "metrics")
    }
    plain["per_question"] = {name: _numbers(values) for name, values in result.per_question.items()}
    plain["metrics"] = {
        name: [_number(interval.mean), _number(interval.low), _number(interval.high), interval.n]
        for name, interval in result.metrics.items()
    }
    plain["questions"] = [_question_to_plain(question) for question in result.questions]
    plain["costs"] = asdict(result.costs)
    plain["curves"] = {
        retriever: {family: [_number(mean) for mean in means] for family, means in families.items()}
        for retriever, families in result.curves.items()
    }
    plain["looks"] = [_look_to_plain(look) for look in result.looks]
    plain["question_ids"] = list(result.question_ids)
    plain["params"] = dict(result.params)
    # What is stored is what is read back: tuples become lists before the checksum is taken.
    return json.loads(json.dumps(plain, allow_nan=False))  # type: ignore[no-any-return]


def _from_plain(plain: dict[str, Any]) -> TrialResult:
    return TrialResult(
        **{
            **plain,
            "question_ids": tuple(plain["question_ids"]),
            "per_question": {name: _array(values) for name, values in plain["per_question"].items()},
            "metrics": {
                name: Interval(_float(mean), _float(low), _float(high), n)
                for name, (mean, low, high, n) in plain["metrics"].items()
            },
            "questions": tuple(_question_from_plain(question) for question in plain["questions"]),
            "costs": TrialCosts(**plain["costs"]),
            "curves": {
                retriever: {family: tuple(map(_float, means)) for family, means in families.items()}
                for retriever, families in plain["curves"].items()
            },
            "looks": tuple(_look_from_plain(look) for look in plain["looks"]),
        }
    )


def _question_to_plain(question: QuestionRecord) -> dict[str, Any]:
    """Passages as rows: there are thousands in a result."""
    return {
        "question_id": question.question_id,
        "passages": [[p.doc, p.start, p.end, p.score, p.relevant] for p in question.passages],
        "answer": None if question.answer is None else asdict(question.answer),
        "verdict": None if question.verdict is None else asdict(question.verdict),
        "failure": question.failure,
    }


def _question_from_plain(plain: dict[str, Any]) -> QuestionRecord:
    return QuestionRecord(
        question_id=plain["question_id"],
        passages=tuple(RetrievedPassage(*row) for row in plain["passages"]),
        answer=None if plain["answer"] is None else _answer(plain["answer"]),
        verdict=None if plain["verdict"] is None else Verdict(**{**plain["verdict"], **_replies(plain["verdict"])}),
        failure=plain["failure"],
    )


def _look_to_plain(look: Look) -> dict[str, Any]:
    return {name: _number(value) if isinstance(value, float) else value for name, value in asdict(look).items()}


def _look_from_plain(plain: dict[str, Any]) -> Look:
    numbers: dict[str, Any] = {name: math.nan if value is None else value for name, value in plain.items()}
    return Look(**numbers)


def _answer(plain: dict[str, Any]) -> Answer:
    return Answer(**{**plain, **_replies(plain), "citations": tuple(plain["citations"])})


def _replies(plain: dict[str, Any]) -> dict[str, tuple[Reply, ...]]:
    return {"replies": tuple(Reply(**{**each, "usage": Usage(**each["usage"])}) for each in plain["replies"])}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _numbers(values: Floats) -> list[float | None]:
    return [_number(value) for value in values.tolist()]


def _float(value: float | None) -> float:
    return math.nan if value is None else value


def _array(values: list[float | None]) -> Floats:
    return np.array([_float(value) for value in values], dtype=np.float64)
