"""A golden set is kept as it was measured, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.store import golden_sets
from rag_sweeps.store.golden_sets import keep_golden, kept_golden_folder


def test_a_kept_golden_set_is_the_one_that_was_measured(golden: GoldenSet, golden_dir: Path) -> None:
    folder = keep_golden(golden)
    text = (golden_dir / "questions.jsonl").read_text()
    (golden_dir / "questions.jsonl").write_text(text.splitlines()[0] + "\n")
    assert keep_golden(golden) == folder == kept_golden_folder(golden.digest)
    assert load_golden(folder).digest == golden.digest
    assert load_golden(golden_dir).digest != golden.digest


def test_hidden_files_are_not_kept(golden: GoldenSet, golden_dir: Path) -> None:
    (golden_dir / ".DS_Store").write_bytes(b"x")
    names = {path.name for path in keep_golden(golden).rglob("*") if path.is_file()}
    assert "questions.jsonl" in names
    assert ".DS_Store" not in names


def test_one_that_was_never_kept_says_what_to_do(golden: GoldenSet) -> None:
    with pytest.raises(InputError, match="run the sweep again"):
        kept_golden_folder(golden.digest)


def test_a_copy_that_was_cut_short_is_finished_by_the_next(golden: GoldenSet, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    write = golden_sets.write_bytes_atomic

    def die_at_the_third(path: Path, content: bytes) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(golden_sets, "write_bytes_atomic", die_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            keep_golden(golden)
    assert load_golden(keep_golden(golden)).digest == golden.digest
