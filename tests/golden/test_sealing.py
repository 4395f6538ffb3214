from __future__ import annotations

import json

import pytest

from rag_sweeps.golden import GoldenError, load_golden, seal_golden

from .conftest import FEES, WriteSet, ask, quote

FEE = "The basic fee is 12 euros a month."
START = FEES.index(FEE)


def test_a_sealed_set_says_so_and_sealing_twice_changes_no_byte(write_set: WriteSet) -> None:
    folder = write_set([ask("Fee?", quote("fees.md", FEE), quote("fees.md", "Cancelling  is free", 0))])
    first = seal_golden(folder)
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert (first.wrote_questions, first.wrote_manifest, len(first.moved), len(first.anchored)) == (True, True, 1, 1)
    assert load_golden(folder).report.sealed == "sealed"
    second = seal_golden(folder)
    assert (second.wrote_questions, second.wrote_manifest, second.moved, second.anchored) == (False, False, (), ())
    assert second.digest == first.digest
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files


def test_only_the_evidence_that_changed_is_rewritten(write_set: WriteSet) -> None:
    good = f'{{"tags":[ "ä" ],  "question": "Fine?", "evidence": [{json.dumps(quote("fees.md", FEE, START))}]}}'
    stale = '{"split": "test", "question": "Gr\\u00f6\\u00dfe?", "evidence": [{"quote": "%s", "document": "fees"}]}'
    folder = write_set(f"\n{good}\r\n{stale % FEE}\r\n\n")
    seal_golden(folder)
    fixed = (stale % FEE).replace('"fees"', f'"fees", "start": {START}, "end": {START + len(FEE)}')
    assert (folder / "questions.jsonl").read_bytes().decode() == f"\n{good}\r\n{fixed}\r\n\n"


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_rewritten_line_keeps_its_style(write_set: WriteSet, separators: tuple[str, str]) -> None:
    question = ask("Größe?", quote("fees.md", FEE, 0), id="a", answer="12")
    folder = write_set("\ufeff" + json.dumps(question, separators=separators, ensure_ascii=False))
    seal_golden(folder)
    question["evidence"] = [quote("fees.md", FEE, START)]
    expected = "\ufeff" + json.dumps(question, separators=separators, ensure_ascii=False)
    assert (folder / "questions.jsonl").read_text(encoding="utf-8") == expected


def test_a_quote_that_moved_to_another_document_is_written_with_its_name(write_set: WriteSet) -> None:
    folder = write_set([ask("Fee?", quote("old.md", FEE, 0))])
    seal_golden(folder)
    written = json.loads((folder / "questions.jsonl").read_text())
    assert written["evidence"] == [quote("fees.md", FEE, START)]
    assert load_golden(folder).report.moved == ()


def test_the_manifest_keeps_what_its_author_wrote(write_set: WriteSet) -> None:
    folder = write_set([ask()])
    about = {"name": "Handbook", "description": "Größen", "license": "CC0"}
    (folder / "manifest.json").write_text(json.dumps(about))
    assert load_golden(folder).report.sealed == "unsealed"
    digest = seal_golden(folder).digest
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {key: manifest[key] for key in about} == about
    assert (manifest["format"], manifest["digest"], manifest["n_documents"], manifest["n_questions"]) == (
        1,
        digest,
        2,
        1,
    )
    assert sorted(manifest["files"]) == ["documents/fees.md", "documents/trips/travel.md", "questions.jsonl"]
    assert load_golden(folder).name == "Handbook"


def test_a_change_after_sealing_is_reported_with_its_files(write_set: WriteSet) -> None:
    lines = [ask("One?", id="a"), ask("Two?", id="b")]
    folder = write_set(lines)
    seal_golden(folder)
    write_set(lines, {"fees.md": "Changed.", "new.md": "New."})
    report = load_golden(folder).report
    assert report.sealed == "changed"
    assert report.changed_files == ("documents/fees.md", "documents/new.md")


def test_lines_in_another_order_are_still_sealed(write_set: WriteSet) -> None:
    lines = [ask("One?", id="a"), ask("Two?", id="b")]
    folder = write_set(lines)
    seal_golden(folder)
    write_set(lines[::-1])
    report = load_golden(folder).report
    assert (report.sealed, report.changed_files) == ("sealed", ("questions.jsonl",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": 2}', "format 2 is not known here"),
        ('{"formt": 1}', "unknown key 'formt'; did you mean 'format'?"),
        ("{", "is not JSON"),
        ("[]", "write an object"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_an_error(write_set: WriteSet, text: str, said: str) -> None:
    folder = write_set([ask()])
    (folder / "manifest.json").write_text(text)
    with pytest.raises(GoldenError, match=r"manifest\.json: ") as error:
        load_golden(folder)
    assert said in str(error.value)


def test_a_set_with_problems_is_not_sealed(write_set: WriteSet) -> None:
    folder = write_set([ask("?", quote("fees.md", "not there at all", 0))])
    with pytest.raises(GoldenError):
        seal_golden(folder)
    assert not (folder / "manifest.json").exists()
