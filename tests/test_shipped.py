"""What ships: configs that check clean, a golden set that is sealed and as large and hard as its README says."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_sweeps.config import load_sweep
from rag_sweeps.golden import load_golden

ROOT = Path(__file__).parent.parent
HANDBOOK = ROOT / "golden_sets" / "handbook"


@pytest.mark.parametrize("config", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_config_has_nothing_to_mend(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert load_sweep(config).warnings == ()


def test_the_handbook_is_sealed_and_every_quote_stands_where_it_should() -> None:
    report = load_golden(HANDBOOK).report
    assert (report.sealed, report.moved, report.anchored, report.warnings) == ("sealed", (), (), ())


def test_the_handbook_is_large_and_varied() -> None:
    report = load_golden(HANDBOOK).report
    assert report.n_documents >= 30
    assert report.n_words >= 25_000
    assert report.n_questions >= 150
    for tag in ("paraphrase", "two-places", "near-duplicate", "table", "list", "unanswerable", "identical-text"):
        assert report.by_tag[tag] > 0


def test_both_splits_have_questions_of_every_kind() -> None:
    golden = load_golden(HANDBOOK)
    dev, test = ({tag for question in golden.split(split) for tag in question.tags} for split in ("dev", "test"))
    assert dev == test
