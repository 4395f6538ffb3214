"""A BEIR data set, as a folder or by its name on Hugging Face -> a golden set for retrieval.

Evidence is the whole text of every document judged above 0. There are no answers: `answer` is null, which does
not make a question unanswerable, since it has evidence.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_sweeps.golden.importers.foreign import read_lines, read_text
from rag_sweeps.golden.importers.target import TEST_SHARE, Draft, Imported, Quote, check_target, write_golden
from rag_sweeps.golden.problems import golden_error
from rag_sweeps.records import Document

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Tables:
    corpus: Iterable[Row]
    queries: Iterable[Row]
    qrels: Iterable[Row]


def import_beir(
    source: str,
    target: Path,
    *,
    split_name: str = "test",
    qrels_source: str | None = None,
    test_share: float = TEST_SHARE,
    overwrite: bool = False,
) -> Imported:
    """Import corpus.jsonl, queries.jsonl and qrels/<split_name>.tsv of a folder, or a data set such as `BeIR/scifact`.

    By name, relevance judgements come from `qrels_source`, by default `<source>-qrels`. Queries without a relevant
    document in that split are left out.
    """
    check_target(target, test_share=test_share, overwrite=overwrite)
    is_folder = any((Path(source) / name).is_file() for name in ("corpus.jsonl", "corpus.jsonl.gz"))
    if is_folder:
        tables = _read_folder(Path(source), split_name)
    else:
        tables = _read_datasets(source, qrels_source or f"{source}-qrels", split_name)
    try:
        documents = _index_texts([(str(row["_id"]), _join_text(row)) for row in tables.corpus])
        queries = _index_texts([(str(row["_id"]), str(row["text"])) for row in tables.queries])
        relevant = [(str(row["query-id"]), str(row["corpus-id"])) for row in tables.qrels if float(row["score"]) > 0]
    except (KeyError, TypeError, ValueError) as error:
        raise golden_error(source, f"is not in BEIR's format ({type(error).__name__}: {error})") from error
    usable = [(query, doc) for query, doc in relevant if query in queries and documents.get(doc, "").strip()]
    if not usable:
        raise golden_error(source, f"split {split_name!r} judges no query's document relevant; name another split")
    quotes: dict[str, list[Quote]] = {}
    for query, doc in dict.fromkeys(usable):
        quotes.setdefault(query, []).append(Quote(doc, documents[doc], 0, len(documents[doc])))
    drafts = [Draft(query, text, None, tuple(quotes[query])) for query, text in queries.items() if query in quotes]
    return write_golden(
        target,
        [Document(doc, text) for doc, text in documents.items()],
        drafts,
        description=f"Imported from {source}, split {split_name}; evidence is whole documents, there are no answers.",
        test_share=test_share,
        overwrite=overwrite,
        notes=_note_losses(len(queries) - len(drafts), len(relevant) - len(usable)),
    )


def _index_texts(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    texts = dict(pairs)
    if len(texts) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ValueError(f"_id {twice!r} is there twice")
    return texts


def _join_text(row: Row) -> str:
    return "\n".join(part for part in (row.get("title"), row["text"]) if part)


def _note_losses(n_unjudged: int, n_lost: int) -> list[str]:
    notes = []
    if n_unjudged:
        notes.append(f"{n_unjudged:,} queries have no relevant document in this split and are left out")
    if n_lost:
        notes.append(f"{n_lost:,} judgements name a query that is missing, or a document that is missing or empty")
    return notes


def _read_folder(folder: Path, split_name: str) -> _Tables:
    qrels = folder / "qrels" / f"{split_name}.tsv"
    if not qrels.is_file():
        names = sorted(path.stem for path in qrels.parent.glob("*.tsv"))
        raise golden_error(qrels, f"does not exist; the splits are {', '.join(names) or 'none'}")
    corpus, queries = (_choose_file(folder, name) for name in ("corpus.jsonl", "queries.jsonl"))
    return _Tables(
        corpus=[line.value for line in read_lines(corpus)],
        queries=[line.value for line in read_lines(queries)],
        qrels=list(csv.DictReader(read_text(qrels).split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)),
    )


def _choose_file(folder: Path, name: str) -> Path:
    packed = folder / f"{name}.gz"
    return packed if packed.is_file() and not (folder / name).is_file() else folder / name


def _read_datasets(source: str, qrels_source: str, split_name: str) -> _Tables:
    """The three tables through the `datasets` library, whose errors become one of ours."""
    import datasets

    name = source
    try:
        corpus = datasets.load_dataset(source, "corpus")
        queries = datasets.load_dataset(source, "queries")
        name = qrels_source
        qrels = datasets.load_dataset(qrels_source)
        # The one split of the first two is called `corpus` and `queries`, or `train`.
        return _Tables(next(iter(corpus.values())), next(iter(queries.values())), qrels[split_name])
    except Exception as error:  # datasets raises its own, huggingface_hub's, pyarrow's and httpx's errors.
        reason = (str(error).strip() or repr(error)).splitlines()[0][:200]
        what = f"cannot be loaded by the datasets library ({type(error).__name__}: {reason})"
        remedy = "check the name and the network, or name a folder with corpus.jsonl, queries.jsonl and qrels/"
        raise golden_error(name, f"{what}; {remedy}") from error
