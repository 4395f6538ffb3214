from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from rag_sweeps.golden import GoldenError, load_golden
from rag_sweeps.golden.importers import import_beir

CORPUS = [
    {"_id": "d1", "title": "Title", "text": "alpha beta gamma"},
    {"_id": "d2", "title": "", "text": "delta epsilon zeta"},
    {"_id": "d3", "title": "", "text": "delta epsilon zeta"},
    {"_id": "d4", "title": "", "text": ""},
]
QUERIES = [{"_id": "1", "text": "first?"}, {"_id": "2", "text": "second?"}, {"_id": "3", "text": "x?"}]
QRELS = "query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t1\n2\td1\t0\n3\td4\t1\n9\td1\t1\n1\td99\t1\n"


def write_lines(path: Path, values: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    write_lines(folder / "corpus.jsonl", CORPUS)
    write_lines(folder / "queries.jsonl", QUERIES)
    (folder / "qrels" / "test.tsv").write_text(QRELS)
    return folder


def test_evidence_is_the_whole_text_of_relevant_documents(beir: Path, tmp_path: Path) -> None:
    imported = import_beir(str(beir), tmp_path / "set")
    golden = load_golden(tmp_path / "set")
    (question,) = golden.questions
    assert (question.id, question.text, question.answer) == ("1", "first?", None)
    assert [piece.quote for piece in question.evidence] == ["Title\nalpha beta gamma", "delta epsilon zeta"]
    assert [golden.documents[span.doc].id for span in question.evidence[1].spans] == ["d2", "d3"]
    assert (golden.report.n_documents, golden.report.n_unanswerable) == (4, 0)
    assert imported.notes == (
        "2 queries have no relevant document in this split and are left out",
        "3 judgements name a query that is missing, or a document that is missing or empty",
    )


def test_a_packed_corpus_is_read(beir: Path, tmp_path: Path) -> None:
    plain = beir / "corpus.jsonl"
    (beir / "corpus.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    first = import_beir(str(beir), tmp_path / "plain").digest
    plain.unlink()
    assert import_beir(str(beir), tmp_path / "packed").digest == first


def test_a_split_that_is_not_there_is_named_with_those_that_are(beir: Path, tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match=r"dev\.tsv: does not exist; the splits are test"):
        import_beir(str(beir), tmp_path / "set", split_name="dev")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("corpus.jsonl", '{"id": "d1", "text": "x"}', "is not in BEIR's format \\(KeyError: '_id'\\)"),
        ("corpus.jsonl", '{"_id": "d1", "text": "x"}\n{"_id": "d1", "text": "y"}', "_id 'd1' is there twice"),
        ("corpus.jsonl", '{"_id": "d1"\n', r"corpus\.jsonl:1: is not JSON"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\td1\tyes\n", "is not in BEIR's format"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\td1\n", "is not in BEIR's format"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\td1\t0\n", "judges no query's document relevant"),
    ],
)
def test_what_is_not_beir_is_an_error(beir: Path, tmp_path: Path, name: str, text: str, said: str) -> None:
    (beir / name).write_text(text)
    with pytest.raises(GoldenError, match=said):
        import_beir(str(beir), tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.fixture
def offline_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


@pytest.mark.usefixtures("offline_datasets")
def test_a_data_set_of_the_datasets_library_gives_the_same_set_as_its_folder(beir: Path, tmp_path: Path) -> None:
    hub, judged = tmp_path / "hub" / "sci", tmp_path / "hub" / "sci-qrels"
    hub.mkdir(parents=True)
    judged.mkdir()
    configs = "\n".join(
        f"- config_name: {name}\n  data_files:\n  - split: {name}\n    path: {name[0]}.jsonl"
        for name in ("corpus", "queries")
    )
    (hub / "README.md").write_text(f"---\nconfigs:\n{configs}\n---\n")
    write_lines(hub / "c.jsonl", CORPUS)
    write_lines(hub / "q.jsonl", QUERIES)
    (judged / "test.tsv").write_text(QRELS)
    digest = import_beir(str(hub), tmp_path / "set").digest
    assert digest == import_beir(str(beir), tmp_path / "other").digest
    with pytest.raises(GoldenError, match="sci-qrels: cannot be loaded by the datasets library"):
        import_beir(str(hub), tmp_path / "third", split_name="dev")


@pytest.mark.usefixtures("offline_datasets")
def test_a_name_that_cannot_be_loaded_is_one_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match=r"^BeIR/none: cannot be loaded .*; check the name and the network, or name"):
        import_beir("BeIR/none", tmp_path / "set")
