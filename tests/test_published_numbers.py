"""The published numbers that the benchmark `published` prints, required in a test: embeds for minutes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # benchmarks are no part of the installed package

from scale import at_scale

from benchmarks import published
from benchmarks.evaluation_data import DataMissingError, data_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

IN_THE_TEST = at_scale(("TokenText 250/0",), ("TokenText 250/0", "Recursive 200/0"))
"""The smallest row, at the full size that of each splitter; the benchmark measures all six."""


def skip_without(*folders: str) -> None:
    try:
        for folder in folders:
            data_folder(folder)
    except DataMissingError as missing:
        pytest.skip(str(missing))


def test_xquad_scores_equal_mteb_to_five_decimals(tmp_path: Path) -> None:
    skip_without("xquad")
    measured = published.measure_xquad(tmp_path / "golden")
    assert {name: round(value, 5) for name, value in measured.items()} == published.XQUAD


def test_rows_of_the_chunking_report_are_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without("chroma", "tiktoken_cache")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(data_folder("tiktoken_cache")))
    rows = [row for row in published.ROWS if row.name in IN_THE_TEST]
    assert len(rows) == len(IN_THE_TEST)
    for row, measured in published.measure_chroma(rows, tmp_path / "golden"):
        assert published.within(measured.first_occurrence, row.exact), (row, measured)
        assert published.explained(measured.first_occurrence, row.published), (row, measured)
        if row.true_recall is not None:
            assert measured.true_offsets[0] == pytest.approx(row.true_recall, abs=0.15), (row, measured)
