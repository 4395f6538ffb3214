from __future__ import annotations

from pathlib import Path

import pytest

from rag_sweeps.golden import GoldenError, load_golden, seal_golden
from rag_sweeps.golden.importers.target import Draft, Imported, Quote, assign_split, write_golden
from rag_sweeps.records import Document

DOCUMENTS = [Document("d", "One two three four.")]
DRAFTS = [Draft("a", "Where?", "here", (Quote("d", "One two three", 0, 13),)), Draft("b", "Why?", None, ())]


def write(target: Path, drafts: list[Draft] = DRAFTS, *, overwrite: bool = False, test_share: float = 0.4) -> Imported:
    return write_golden(target, DOCUMENTS, drafts, description="made up", test_share=test_share, overwrite=overwrite)


def test_an_import_is_a_sealed_set(tmp_path: Path) -> None:
    imported = write(tmp_path / "new" / "set")
    golden = load_golden(imported.folder)
    assert (golden.name, golden.report.sealed, golden.digest) == ("set", "sealed", imported.digest)
    assert not seal_golden(imported.folder).wrote_manifest
    assert (imported.n_documents, imported.n_questions) == (1, 2)


def test_a_folder_that_is_not_empty_is_refused_unless_told_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(GoldenError, match="is not empty"):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
    write(tmp_path, overwrite=True)
    write(tmp_path, DRAFTS[:1], overwrite=True)
    assert len(load_golden(tmp_path).questions) == 1
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_documents_of_a_hand_written_set_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    with pytest.raises(GoldenError, match="has documents/"):
        write(tmp_path, overwrite=True)


def test_an_import_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match="is gone"):
        write(tmp_path / "set", [Draft("a", "Where?", None, (Quote("d", "not in there", 0, 12),))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_between_0_and_1(tmp_path: Path, share: float) -> None:
    with pytest.raises(GoldenError, match="test_share"):
        write(tmp_path / "set", test_share=share)


def test_the_split_rests_on_the_id_alone() -> None:
    splits = [assign_split(f"q{number}", 0.4) for number in range(2000)]
    assert 0.36 < splits.count("test") / 2000 < 0.44
    assert assign_split("q1", 0.0) == "dev"
    assert assign_split("q1", 1.0) == "test"
    # A change of the rule would move questions between the splits of sets that exist.
    assert [assign_split(name, 0.4) for name in "abcdef"] == ["dev", "test", "test", "test", "test", "test"]
