"""A valid sweep file, and fixtures that change a line of it and read it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag_sweeps.config import ConfigError, SweepConfig, load_sweep

VALID = """\
name: quickstart
command: ["${env}", "${interpreter}", "-m", "rag_sweeps", "trial"]
method: bayes
metric:
  name: objective
  goal: maximize
run_cap: 24
parameters:
  golden_set: {value: golden}
  chunker: {values: [tokens, recursive]}
  chunk_size: {min: 64, max: 512}
  chunk_overlap: {values: [0.0, 0.125, 0.25]}
  embedding_model: {values: [lsa-256, all-MiniLM-L6-v2]}
  retriever: {values: [bm25, dense, hybrid]}
  top_k: {min: 1, max: 10}
  quality_metric: {value: answer_score}
  cost_metric: {value: context_tokens_per_question}
  cost_weight: {value: 0.00005}
"""
LAST_LINE = VALID.count("\n") + 1
"""Where a line put behind the valid file stands: one more parameter."""

Edit = tuple[str, str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a golden set, which is the current one."""
    (tmp_path / "golden").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def load(folder: Path) -> Callable[..., SweepConfig]:
    """Load the valid file after some edits (old text, new text)."""

    def load_edited(*edits: Edit, text: str = VALID) -> SweepConfig:
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / "x.yaml").write_text(text, encoding="utf-8")
        return load_sweep(Path("x.yaml"))

    return load_edited


@pytest.fixture
def refusals(load: Callable[..., SweepConfig]) -> Callable[..., list[str]]:
    """The lines of the error that loading the edited file raises, without `x.yaml:`."""

    def lines(*edits: Edit, text: str = VALID) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(*edits, text=text)
        return [str(problem).removeprefix("x.yaml:") for problem in caught.value.problems]

    return lines


@pytest.fixture
def refusal(refusals: Callable[..., list[str]]) -> Callable[[str], str]:
    """The one problem of a parameter, put behind the valid file or in the place of its own line."""

    def only(line: str) -> str:
        name = line.partition(":")[0]
        own = next((text for text in VALID.splitlines() if text.startswith(f"  {name}: ")), None)
        if own is None:
            found, number = refusals(text=f"{VALID}  {line}\n"), LAST_LINE
        else:
            found, number = refusals((own, f"  {line}")), VALID.splitlines().index(own) + 1
        assert len(found) == 1, found
        assert found[0].startswith(f"{number}: ")
        return found[0].removeprefix(f"{number}: ")

    return only


@pytest.fixture
def warnings_of(load: Callable[..., SweepConfig]) -> Callable[..., list[str]]:
    """The warnings of the edited file, without `x.yaml:`."""

    def lines(*edits: Edit, text: str = VALID) -> list[str]:
        return [str(problem).removeprefix("x.yaml:") for problem in load(*edits, text=text).warnings]

    return lines
