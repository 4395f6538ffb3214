from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from rag_sweeps.golden import GoldenError, load_golden
from rag_sweeps.golden.importers import import_chroma

TEXT = "😀 One two three.\r\nFour five six."


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora"
    folder.mkdir()
    (folder / "wiki.md").write_bytes(TEXT.encode())
    (folder / "chat.txt").write_text("seven eight nine")
    (folder / "unused.md").write_text("x")
    return folder


def write(path: Path, *rows: tuple[str, str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "references", "corpus_id"])
        writer.writerows(rows)
    return path


def references(*texts: str, text: str = TEXT) -> str:
    spans = [(quote, text.index(quote)) for quote in texts]
    return json.dumps([{"content": quote, "start_index": at, "end_index": at + len(quote)} for quote, at in spans])


def test_references_become_evidence_at_their_offsets(tmp_path: Path, corpora: Path) -> None:
    rows = [
        ('First,\n"one"?', references("One two three.", "Four five six."), "wiki"),
        ("Second?", references("seven eight nine", text="seven eight nine"), "chat"),
    ]
    import_chroma(write(tmp_path / "q.csv", *rows), corpora, tmp_path / "set")
    golden = load_golden(tmp_path / "set")
    assert [document.id for document in golden.documents] == ["chat", "wiki"]
    assert golden.documents[1].text == TEXT
    assert [question.id for question in golden.questions] == ["q0001", "q0002"]
    assert [piece.quote for piece in golden.questions[0].evidence] == ["One two three.", "Four five six."]
    assert golden.report.moved == ()


def test_bad_rows_are_named_with_their_lines(tmp_path: Path, corpora: Path) -> None:
    rows = [("a?", "[{]", "wiki"), ("b?", '[{"content": "x"}]', "wiki"), ("c?", "[]", "../secret"), ("d?", "[]", "no")]
    (tmp_path / "secret.md").write_text("x")
    with pytest.raises(GoldenError) as error:
        import_chroma(write(tmp_path / "q.csv", *rows), corpora, tmp_path / "set")
    assert [problem.line for problem in error.value.problems] == [2, 3, 4, 5]
    assert "corpus_id '../secret'" in str(error.value)


def test_missing_columns_are_named(tmp_path: Path, corpora: Path) -> None:
    (tmp_path / "q.csv").write_text("question,answer\n")
    with pytest.raises(GoldenError, match="has no column references, corpus_id"):
        import_chroma(tmp_path / "q.csv", corpora, tmp_path / "set")
