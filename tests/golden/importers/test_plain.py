from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rag_sweeps.golden import GoldenError, load_golden
from rag_sweeps.golden.importers import import_jsonl


def write(path: Path, *values: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.md").write_text("bored greens. One two\nthree four.")
    (folder / "sub" / "b.md").write_text("The red green cat. One two three.")
    return folder


def test_each_distinct_context_becomes_a_document(tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"question": "One?", "answer": "a", "contexts": ["text one here", "text two here", "text one here"]},
        {"user_input": "Two?", "reference": "b", "answer": "a reply", "reference_contexts": ["text two here"]},
        {"question": "Three?", "contexts": []},
    ]
    import_jsonl(write(tmp_path / "q.jsonl", *lines), tmp_path / "set")
    golden = load_golden(tmp_path / "set")
    assert [document.text for document in golden.documents] == ["text one here", "text two here"]
    assert [question.answer for question in golden.questions] == ["a", "b", None]
    assert [len(question.evidence) for question in golden.questions] == [2, 1, 0]
    assert golden.report.warnings == ()


def test_quotes_are_located_in_the_documents(tmp_path: Path, library: Path) -> None:
    lines: list[dict[str, object]] = [
        {"id": "x", "question": "?", "answer": "cat", "quotes": ["red green"]},
        {"question": "?", "evidence": "One two three", "document": "a"},
        {"question": "?", "context": "two  three four."},
    ]
    import_jsonl(write(tmp_path / "q.jsonl", *lines), tmp_path / "set", documents=library)
    golden = load_golden(tmp_path / "set")
    assert [document.id for document in golden.documents] == ["a.md", "sub/b.md"]
    assert [question.id for question in golden.questions] == ["x", "q0002", "q0003"]
    assert [golden.documents[question.evidence[0].spans[0].doc].id for question in golden.questions] == [
        "sub/b.md",
        "a.md",
        "a.md",
    ]
    assert golden.questions[1].evidence[0].quote == "One two\nthree"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"answer": "x"}, "has no question"),
        ({"question": "?", "contexts": [1]}, "must be a string or a list of strings"),
        ({"question": "?", "answer": "x"}, "has an answer but no evidence; add 'contexts' or 'quotes'"),
        ({"question": "?", "answer": "x", "retrieved_contexts": ["y"]}, "are what a system found, no evidence"),
        ({"question": "?", "quotes": ["not there"]}, 'quote "not there" is not in the documents'),
        ({"question": "?", "quotes": ["One"], "document": "c"}, "quote \"One\" is not in document 'c'"),
    ],
)
def test_a_bad_line_is_located(tmp_path: Path, library: Path, line: dict[str, object], said: str) -> None:
    path = write(tmp_path / "q.jsonl", {"question": "fine?"}, line)
    with pytest.raises(GoldenError, match=r"q\.jsonl:2: ") as error:
        import_jsonl(path, tmp_path / "set", documents=library)
    assert said in str(error.value)


def test_a_documents_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match="nowhere: is no folder"):
        import_jsonl(write(tmp_path / "q.jsonl", {"question": "?"}), tmp_path / "set", documents=tmp_path / "nowhere")
