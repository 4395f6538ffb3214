"""A tiny golden set, sweep configs over it and the command line, each test in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.parameters import TrialParams, parse_params
from rag_sweeps.records import Embedded, Split, TrialResult

COMMAND = ["${env}", "${interpreter}", "-m", "rag_sweeps", "trial"]

DOCUMENTS = {
    "leave.md": "# Leave\n\nEvery employee has twenty-six days of paid holiday a year. Unused days expire in March. "
    "Parental leave lasts sixteen weeks at full pay. A sick note is due on the third day of an illness.\n",
    "travel.md": "# Travel\n\nTrains under four hours replace flights. Hotels cost at most 140 euros a night. "
    "Receipts are handed in within thirty days. A rented car needs the approval of a manager.\n",
    "security.md": "# Security\n\nPasswords have fourteen characters. Laptops are encrypted and locked when alone. "
    "A lost phone is reported within one hour to the security desk. Visitors wear a yellow badge.\n",
    "office.md": "# Office\n\nThe kitchen is cleaned on Friday. The third floor holds the quiet rooms. "
    "Bicycles are parked in the courtyard. The printer on the second floor prints in colour.\n",
    "pay.md": "# Pay\n\nSalaries are paid on the twenty-fifth. Overtime is paid at time and a half. "
    "The pension plan matches six percent. Bonuses are decided in November by the board.\n",
    "training.md": "# Training\n\nEach team has a training budget of 900 euros a head. Courses are booked through Ada. "
    "Mentors meet new colleagues weekly. Conference talks are rehearsed in the large hall.\n",
}
LONG = "The appendix repeats itself for a while, because forms are long and nobody reads them. " * 40

ASKED = (
    ("holiday", "How many days of paid holiday does an employee have?", "leave.md", "twenty-six days of paid holiday"),
    ("parental", "How long does parental leave last?", "leave.md", "Parental leave lasts sixteen weeks at full pay."),
    ("flights", "When do trains replace flights?", "travel.md", "Trains under four hours replace flights."),
    ("hotels", "What may a hotel cost a night?", "travel.md", "Hotels cost at most 140 euros a night."),
    ("password", "How many characters does a password have?", "security.md", "Passwords have fourteen characters."),
    ("phone", "Where is a lost phone reported?", "security.md", "reported within one hour to the security desk"),
    ("quiet", "Where are the quiet rooms?", "office.md", "The third floor holds the quiet rooms."),
    ("bicycles", "Where are bicycles parked?", "office.md", "Bicycles are parked in the courtyard."),
    ("salary", "When are salaries paid?", "pay.md", "Salaries are paid on the twenty-fifth."),
    ("pension", "What does the pension plan match?", "pay.md", "The pension plan matches six percent."),
    ("budget", "How large is the training budget of a team?", "training.md", "a training budget of 900 euros a head"),
    ("dog", "Which breed is the dog of the founder?", None, None),
)
TEST_QUESTIONS = ("phone", "quiet", "pension", "budget")
UNANSWERABLE = "dog"

FAST = {"generator": {"value": "none"}, "chunk_size": {"value": 32}, "embedding_model": {"value": "lsa-8"}}
"""Parameters of a sweep that loads no model."""


def write_golden(
    folder: Path,
    *,
    documents: Mapping[str, str] = DOCUMENTS,
    splits: Sequence[Split] = ("dev", "test"),
    only: Sequence[str] | None = None,
) -> Path:
    """Write the tiny golden set. Questions of a split that is left out, or are not among `only`, are left out too."""
    for name, text in documents.items():
        path = folder / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    lines = []
    for name, text, document, quote in ASKED:
        split = "test" if name in TEST_QUESTIONS else "dev"
        if split not in splits or (only is not None and name not in only):
            continue
        evidence = []
        if document is not None and quote is not None:
            start = documents[document].index(quote)
            evidence = [{"document": document, "quote": quote, "start": start, "end": start + len(quote)}]
        line = {"id": name, "question": text, "answer": quote, "evidence": evidence, "split": split}
        lines.append(json.dumps(line) + "\n")
    (folder / "questions.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def sweep_document(parameters: Mapping[str, Any], **top_level: Any) -> dict[str, Any]:
    """A plain W&B sweep config over the tiny golden set; a key that is None is left out."""
    document = {
        "name": "tiny",
        "command": COMMAND,
        "method": "random",
        "metric": {"name": "objective", "goal": "maximize"},
        "parameters": {"golden_set": {"value": "golden"}, **FAST, **parameters},
        **top_level,
    }
    return {name: value for name, value in document.items() if value is not None}


def make_params(**values: Any) -> TrialParams:
    """Parameters of one trial that loads no model, unless told otherwise."""
    fast = {"golden_set": "golden", "generator": "none", "chunk_size": 32, "embedding_model": "lsa-8"}
    return parse_params({**fast, **values})


def same(first: TrialResult, second: TrialResult) -> None:
    """Assert that two results agree in everything but the clock."""
    assert first.trial_id == second.trial_id
    assert first.question_ids == second.question_ids
    assert first.questions == second.questions
    assert _texts(first.metrics) == _texts(second.metrics)
    assert _texts({name: values.tolist() for name, values in first.per_question.items()}) == _texts(
        {name: values.tolist() for name, values in second.per_question.items()}
    )


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """NaN equals NaN where texts are compared."""
    return {name: repr(value) for name, value in values.items()}


def wait_until(condition: Callable[[], object], what: str, *, timeout_s: float = 60.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, f"never came true: {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.err + self.out, self.err + self.out

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Cli:
    """`python -m rag_sweeps`, as a user runs it, in the test's folder."""

    def __call__(self, *arguments: object, timeout_s: float = 120.0, **environment: str) -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "rag_sweeps", *map(str, arguments)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """RAG_SWEEPS_HOME of the test, which also is in a folder of its own, logged in nowhere."""
    folder = tmp_path / "home"
    for name in [name for name in os.environ if name.startswith("WANDB_") or name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAG_SWEEPS_HOME", str(folder))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def golden_dir(tmp_path: Path) -> Path:
    return write_golden(tmp_path / "golden")


@pytest.fixture
def golden(golden_dir: Path) -> GoldenSet:
    return load_golden(golden_dir)


@pytest.fixture
def write_config(tmp_path: Path, golden_dir: Path) -> Callable[..., Path]:
    """Write a sweep config over the tiny golden set."""

    def write(parameters: Mapping[str, Any], *, file: str = "sweep.yaml", **top_level: Any) -> Path:
        path = tmp_path / file
        path.write_text(yaml.safe_dump(sweep_document(parameters, **top_level), sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def cli() -> Cli:
    return Cli()


def rows_of(vectors: Sequence[Sequence[float]]) -> Embedded:
    """One batch of an embedder, as if each row had taken a second."""
    import numpy as np

    table = np.array(vectors, dtype=np.float32)
    n = len(table)
    return Embedded(table, np.zeros(n, dtype=bool), np.full(n, 3, dtype=np.int64), np.ones(n))
