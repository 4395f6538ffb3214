"""A golden set's folder -> its documents, sorted by id, and the files they come from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from rag_sweeps.golden.lines import describe_errors, parse_lines
from rag_sweeps.golden.problems import Problem
from rag_sweeps.golden.sources import read_source
from rag_sweeps.records import Document

FOLDER = "documents"
LINES_FILE = "documents.jsonl"
SUFFIXES = (".md", ".markdown", ".txt")


class DocumentLine(BaseModel):
    """One line of documents.jsonl."""

    model_config = ConfigDict(strict=True, extra="forbid")

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """documents: sorted by id, so that nothing rests on the order of files or lines. files: path -> SHA-256."""

    documents: tuple[Document, ...]
    files: dict[str, str]
    warnings: tuple[str, ...]


def read_corpus(folder: Path, problems: list[Problem]) -> Corpus:
    """Documents from `documents/`, else `documents.jsonl`, else the text files right in the folder."""
    tree, lines_file = folder / FOLDER, folder / LINES_FILE
    n_before = len(problems)
    if tree.is_dir() and lines_file.exists():
        problems.append(Problem(str(folder), None, f"has both {FOLDER}/ and {LINES_FILE}; remove one of them"))
        return Corpus((), {}, ())
    if tree.is_dir():
        corpus = read_tree(folder, tree, problems)
    elif lines_file.exists():
        corpus = _read_lines_file(folder, lines_file, problems)
    else:
        corpus = _read_files(folder, folder, _list(folder), problems)
    if not corpus.documents and len(problems) == n_before:
        what = f"has no documents; put {', '.join(SUFFIXES)} files into {FOLDER}/, or write {LINES_FILE}"
        problems.append(Problem(str(folder), None, what))
    return corpus


def read_tree(folder: Path, tree: Path, problems: list[Problem]) -> Corpus:
    """Every text file below `tree`, which is `folder` or inside of it; ids are paths relative to `tree`."""
    warnings: list[str] = []
    paths = list(_walk(tree, warnings, problems))
    return _read_files(folder, tree, paths, problems, tuple(warnings))


def _read_files(
    folder: Path, root: Path, paths: Iterable[Path], problems: list[Problem], warnings: tuple[str, ...] = ()
) -> Corpus:
    sources = [(path, source) for path in paths if (source := read_source(folder, path, problems))]
    documents = [Document(path.relative_to(root).as_posix(), source.text) for path, source in sources]
    files = {source.path: source.digest for _, source in sources}
    return Corpus(tuple(sorted(documents, key=_get_id)), files, warnings)


def _get_id(document: Document) -> str:
    return document.id


def _walk(tree: Path, warnings: list[str], problems: list[Problem]) -> Iterator[Path]:
    """Text files under `tree`; symbolic links to folders are not followed, hidden names are not read."""
    ignored: Counter[str] = Counter()

    def report_unreadable(error: OSError) -> None:
        problems.append(Problem(str(error.filename), None, f"cannot be read ({error.strerror}); mend or remove it"))

    for root, folders, names in os.walk(tree, onerror=report_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [path for name in folders if (path := Path(root, name)).is_symlink()]
        warnings += (f"{link}: a symbolic link to a folder is not followed" for link in links)
        for name in sorted(names):
            if name.startswith("."):
                continue
            if name.lower().endswith(SUFFIXES):
                yield Path(root, name)
            else:
                ignored[Path(name).suffix.lower() or name] += 1
    if ignored:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(ignored.items()))
        warnings.append(f"{tree}: files that are not read: {kinds}; documents are {', '.join(SUFFIXES)}")


def _list(folder: Path) -> list[Path]:
    paths = (path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES))
    return sorted(path for path in paths if not path.name.startswith(".") and path.name.lower() != "readme.md")


def _read_lines_file(folder: Path, path: Path, problems: list[Problem]) -> Corpus:
    source = read_source(folder, path, problems)
    if source is None:
        return Corpus((), {}, ())
    documents = _parse_documents(str(path), source.text, problems)
    return Corpus(tuple(sorted(documents, key=_get_id)), {source.path: source.digest}, ())


def _parse_documents(file: str, text: str, problems: list[Problem]) -> Iterator[Document]:
    seen: dict[str, int] = {}
    for line in parse_lines(file, text, problems):
        try:
            parsed = DocumentLine.model_validate(line.value)
        except ValidationError as error:
            problems += (Problem(file, line.number, what) for what in describe_errors(error, DocumentLine))
            continue
        if not parsed.id.strip():
            problems.append(Problem(file, line.number, "'id' is empty; give the document a name"))
        elif parsed.id in seen:
            what = f"document id {parsed.id!r} is also on line {seen[parsed.id]}; rename one"
            problems.append(Problem(file, line.number, what))
        else:
            seen[parsed.id] = line.number
            yield Document(parsed.id, parsed.text)
