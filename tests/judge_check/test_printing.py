"""What a person is told of a judge."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from rag_sweeps.cli.judge_tables import _table
from rag_sweeps.judge_check.estimates import Estimate
from rag_sweeps.judge_check.sensitivity import Sensitivity
from rag_sweeps.judge_check.sentences import _shift

NOTHING = Estimate(float("nan"), float("nan"), float("nan"), 0)


def test_the_size_of_a_shift_has_no_sign_of_its_own() -> None:
    down = Sensitivity(NOTHING, NOTHING, Estimate(-0.1, -0.2, -0.05, 9), p=0.01, cautious_sd=0.1)
    assert _shift(down) == "; they lower the mean by 0.100 [0.050, 0.200]"
    up = Sensitivity(NOTHING, NOTHING, Estimate(0.1, 0.05, 0.2, 9), p=0.01, cautious_sd=0.1)
    assert _shift(up) == "; they raise the mean by 0.100 [0.050, 0.200]"


def test_a_narrow_terminal_cuts_no_number() -> None:
    table = _table("Beside people", "", "kappa", "same grade", "base rate", "people", "judge", "judge - people")
    table.add_row(
        "answer_score",
        "0.123 [0.045, 0.678]",
        "43.1% [32.3%, 54.9%]",
        "43.1%",
        "0.557",
        "0.576",
        "0.019 [-0.060, 0.098]",
    )
    console = Console(width=80, file=StringIO(), record=True)
    console.print(table)
    text = console.export_text()
    assert "answer_score" in text
    assert "…" not in text
    for number in ("0.123", "0.678]", "32.3%", "54.9%]", "[-0.060,", "0.098]"):
        assert number in text
