"""`rag-sweeps golden check|seal|import`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rag_sweeps.golden import GoldenSet
    from rag_sweeps.golden.importers import Imported

FOLDER = click.Path(path_type=Path)


@click.group()
def golden() -> None:
    """Check, seal and import golden sets.

    A golden set is a folder: documents/ (Markdown or text files) or documents.jsonl, questions.jsonl with
    question, answer, evidence (document, quote, start, end), tags and split (dev or test), and a manifest.json
    that `golden seal` writes.
    """


@golden.command()
@click.argument("folder", type=FOLDER)
def check(folder: Path) -> None:
    """Verify every quote against its document.

    A quote that moved is found again and reported (exit 0); one that is gone is an error that names it (exit 2).
    """
    from rag_sweeps.golden import load_golden

    loaded = load_golden(folder)
    _echo_report(loaded)
    click.echo(summary(loaded))
    if loaded.report.sealed == "unsealed":
        click.echo(f"no manifest yet: rag-sweeps golden seal {folder}")
    elif loaded.report.sealed == "changed":
        changed = ", ".join(loaded.report.changed_files) or "its content"
        click.echo(f"changed since it was sealed: {changed}; to accept that: rag-sweeps golden seal {folder}")


@golden.command()
@click.argument("folder", type=FOLDER)
def seal(folder: Path) -> None:
    """Write the manifest of a set written by hand, and the new offsets of quotes that moved."""
    from rag_sweeps.golden import seal_golden

    sealed = seal_golden(folder)
    for moved in sealed.moved:
        click.echo(f"moved: {moved.question_id} in {moved.to_document}: {moved.from_start} -> {moved.to_start}")
    for anchored in sealed.anchored:
        click.echo(f"anchored: {anchored.question_id} in {anchored.document} at {anchored.start}")
    written = [
        name
        for name, wrote in (("questions.jsonl", sealed.wrote_questions), ("manifest.json", sealed.wrote_manifest))
        if wrote
    ]
    click.echo(f"sealed {folder}: digest {sealed.digest[:16]}; wrote {', '.join(written) or 'nothing, it was sealed'}")


@golden.group(name="import")
def import_() -> None:
    """Make a golden set from a format you already have."""


def _shared(command: click.Command) -> click.Command:
    options = (
        click.Option(
            ["--test-share"], type=click.FloatRange(0, 1), default=0.4, show_default=True, help="Held-out part."
        ),
        click.Option(["--overwrite"], is_flag=True, help="Replace a golden set that is already there."),
    )
    command.params.extend(options)
    return command


@_shared
@import_.command()
@click.argument("source")
@click.argument("target", type=FOLDER)
@click.option("--split", "split_name", default="test", show_default=True, help="Which qrels to take.")
def beir(source: str, target: Path, split_name: str, test_share: float, overwrite: bool) -> None:
    """BEIR: a folder (corpus.jsonl, queries.jsonl, qrels/) or a `datasets` name such as BeIR/scifact."""
    from rag_sweeps.golden.importers import import_beir

    _echo(import_beir(source, target, split_name=split_name, test_share=test_share, overwrite=overwrite))


@_shared
@import_.command()
@click.argument("source", type=FOLDER)
@click.argument("target", type=FOLDER)
def squad(source: Path, target: Path, test_share: float, overwrite: bool) -> None:
    """SQuAD 1.1 or 2.0 JSON; the evidence is the sentence around the answer."""
    from rag_sweeps.golden.importers import import_squad

    _echo(import_squad(source, target, test_share=test_share, overwrite=overwrite))


@_shared
@import_.command()
@click.argument("questions_csv", type=FOLDER)
@click.argument("corpora", type=FOLDER)
@click.argument("target", type=FOLDER)
def chroma(questions_csv: Path, corpora: Path, target: Path, test_share: float, overwrite: bool) -> None:
    """The Chroma chunking evaluation: its questions CSV and the folder of its corpora."""
    from rag_sweeps.golden.importers import import_chroma

    _echo(import_chroma(questions_csv, corpora, target, test_share=test_share, overwrite=overwrite))


@_shared
@import_.command()
@click.argument("source", type=FOLDER)
@click.argument("target", type=FOLDER)
@click.option("--documents", type=FOLDER, help="Folder of documents in which the quotes stand.")
def jsonl(source: Path, target: Path, documents: Path | None, test_share: float, overwrite: bool) -> None:
    """Plain JSON lines: question, answer and contexts, or quotes that stand in --documents."""
    from rag_sweeps.golden.importers import import_jsonl

    _echo(import_jsonl(source, target, documents=documents, test_share=test_share, overwrite=overwrite))


def summary(loaded: GoldenSet) -> str:
    """One line: what a golden set holds."""
    report = loaded.report
    splits = ", ".join(f"{n} {split}" for split, n in sorted(report.by_split.items()))
    moved = f"; {len(report.moved)} quotes moved" if report.moved else ""
    return (
        f"golden set {loaded.name} ({loaded.digest[:12]}): {report.n_documents} documents, {report.n_words:,} words, "
        f"{report.n_questions} questions ({splits}; {report.n_unanswerable} unanswerable), "
        f"{report.n_evidence} pieces of evidence with {report.n_alternatives} more places{moved}"
    )


def _echo_report(loaded: GoldenSet) -> None:
    for moved in loaded.report.moved:
        click.echo(
            f"moved: {moved.question_id}: {moved.quote[:60]!r} in {moved.document}"
            f"{'' if moved.from_start is None else f' at {moved.from_start}'} is now at "
            f"{moved.to_start}{'' if moved.to_document == moved.document else ' of ' + moved.to_document}"
        )
    for anchored in loaded.report.anchored:
        click.echo(
            f"anchored: {anchored.question_id}: {anchored.quote[:60]!r} in {anchored.document} at {anchored.start}"
        )
    for warning in loaded.report.warnings:
        click.echo(f"warning: {warning}", err=True)
    tags = ", ".join(f"{tag} {n}" for tag, n in sorted(loaded.report.by_tag.items()))
    if tags:
        click.echo(f"tags: {tags}")
    if loaded.report.short_quotes:
        click.echo(f"{loaded.report.short_quotes} quotes have fewer than three words; they count only where they stand")


def _echo(imported: Imported) -> None:
    for note in imported.notes:
        click.echo(note)
    click.echo(
        f"wrote {imported.folder}: {imported.n_documents} documents, {imported.n_questions} questions, "
        f"digest {imported.digest[:16]}"
    )
