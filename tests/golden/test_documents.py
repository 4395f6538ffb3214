from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_sweeps.golden.documents import read_corpus
from rag_sweeps.golden.problems import Problem


def read(folder: Path) -> tuple[list[str], list[str], list[str]]:
    problems: list[Problem] = []
    corpus = read_corpus(folder, problems)
    return [document.id for document in corpus.documents], list(corpus.warnings), [str(item) for item in problems]


def write(path: Path, text: str = "some text") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def test_documents_are_text_files_in_any_subfolder_sorted_by_id(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.markdown", "a/y/x.MD", "README.md"):
        write(tmp_path / "documents" / name)
    assert read(tmp_path)[0] == ["README.md", "a/y/x.MD", "a/z.markdown", "b.txt"]


def test_files_of_other_kinds_are_counted_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("a.md", "b.pdf", "c.pdf", ".hidden.md", ".git/x.md"):
        write(tmp_path / "documents" / name)
    ids, warnings, problems = read(tmp_path)
    assert ids == ["a.md"]
    assert "2 .pdf" in warnings[0]
    assert problems == []


def test_without_a_documents_folder_the_files_beside_the_questions_are_read(tmp_path: Path) -> None:
    for name in ("a.md", "b.txt", "README.md", "sub/c.md"):
        write(tmp_path / name)
    assert read(tmp_path)[0] == ["a.md", "b.txt"]


def test_documents_may_be_lines_and_their_order_does_not_matter(tmp_path: Path) -> None:
    lines = [{"id": "b", "text": "two\u2028lines"}, {"id": "a", "text": ""}]
    write(tmp_path / "documents.jsonl", "\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    assert read(tmp_path) == (["a", "b"], [], [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "a", "text": "x", "title": "y"}', "unknown key 'title'; the keys are id, text"),
        ('{"id": "a", "test": "x"}', "unknown key 'test'; did you mean 'text'?"),
        ('{"id": 3, "text": "x"}', "'id' is 3; write a string"),
        ('{"id": " ", "text": "x"}', "'id' is empty"),
        ('{"id": "first", "text": "x"}', "document id 'first' is also on line 1; rename one"),
        ('{"id": "a", "text": "\\ud83d"}', "half of a surrogate pair"),
        ('{"id": "a", "id": "b", "text": ""}', "has the key 'id' twice"),
        ('{"id": "a", ', "is not JSON"),
        ('["a"]', "is no object"),
    ],
)
def test_a_bad_line_is_located_and_explained(tmp_path: Path, line: str, said: str) -> None:
    write(tmp_path / "documents.jsonl", '{"id": "first", "text": "x"}\n\n' + line)
    problems = read(tmp_path)[2]
    assert any(f"documents.jsonl:3: {said}" in problem or said in problem for problem in problems)
    assert all("documents.jsonl:3: " in problem for problem in problems)


def test_two_kinds_of_documents_at_once_are_an_error(tmp_path: Path) -> None:
    write(tmp_path / "documents" / "a.md")
    write(tmp_path / "documents.jsonl", '{"id": "a", "text": "x"}')
    assert "has both documents/ and documents.jsonl" in read(tmp_path)[2][0]


def test_no_documents_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    assert "has no documents" in read(tmp_path)[2][0]


def test_links_do_not_lead_out_of_the_set(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write(tmp_path / "secret" / "s.md")
    write(folder / "documents" / "a.md")
    (folder / "documents" / "tree").symlink_to(tmp_path / "secret")
    assert read(folder)[0] == ["a.md"]
    assert "is not followed" in read(folder)[1][0]
    (folder / "documents" / "b.md").symlink_to(tmp_path / "secret" / "s.md")
    assert "b.md: is a symbolic link out of the golden set" in read(folder)[2][0]


def test_a_documents_folder_that_is_a_link_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write(tmp_path / "secret" / "s.md")
    folder.mkdir()
    (folder / "documents").symlink_to(tmp_path / "secret")
    ids, _, problems = read(folder)
    assert ids == []
    assert "symbolic link out of the golden set" in problems[0]
