"""What a person at a terminal and a script are told of a decision."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli
from oracles import make_result
from rich.console import Console

from rag_sweeps.cli.tables import leaderboard, print_statements
from rag_sweeps.decision import Decision, Measured, decide, statements

RNG = np.random.default_rng(2)
BASE = RNG.uniform(0.2, 0.5, 40)


def decided(**more: Any) -> Decision:
    entries = [
        Measured(0, make_result(BASE.tolist(), chunk_size=256), "bm25"),
        Measured(1, make_result((BASE + 0.3).tolist(), chunk_size=64)),
        Measured(2, make_result((BASE + RNG.normal(0, 0.01, 40)).tolist(), chunk_size=128)),
    ]
    return decide(entries, metric="mrr@10", goal="maximize", **more)


def shown(decision: Decision, *, width: int) -> str:
    console = Console(width=width, record=True, force_terminal=False, file=StringIO())
    console.print(leaderboard(decision, ["chunk_size"], width=width))
    print_statements(console, decision, ["chunk_size"])

    return console.export_text()


@pytest.mark.parametrize("width", [110, 170])
def test_the_table_compares_with_the_best_and_the_baselines(width: int) -> None:
    text = shown(decided(), width=width)
    assert "vs best" in text
    assert "vs bm25" in text
    lines = {line.split()[0]: line for line in text.splitlines() if "size=" in line}
    assert "+0.300" in lines["1"]
    assert "*" in lines["1"], "proven better than the baseline"
    assert "*" not in lines["2"]
    assert "<.001" in lines["3"]
    assert ("[" in lines["1"].split("+0.300")[1]) == (width == 170)


def test_a_narrow_table_keeps_its_lines_short_and_leaves_the_baselines_out() -> None:
    text = shown(decided(), width=80)
    assert "vs best" in text
    assert "vs bm25" not in text
    table = text[: text.index("Use ")]
    assert all(len(line) <= 80 for line in table.splitlines())
    assert [line.split()[0] for line in text.splitlines() if "size=" in line] == ["1", "2", "3"]


def test_a_headline_is_followed_by_statements() -> None:
    decision = decided()
    text = " ".join(shown(decision, width=300).split())
    for said in statements(decision, ["chunk_size"]):
        assert " ".join(said.split()) in text


def test_the_front_of_two_objectives_is_marked() -> None:
    assert "front" in shown(decided(second=("context_tokens_per_question", "minimize")), width=160)


def test_scripts_read_the_decision_of_a_sweep(cli: Cli, write_config: Callable[..., Path]) -> None:
    path = write_config({"retriever": {"value": "bm25"}, "bm25_b": {"min": 0.1, "max": 0.9}})
    done = cli("sweep", path, "--count", 2)
    assert done.code == 0, done.err
    found = cli("results", "--json").json["decision"]
    assert found["recommended"] in found["tied"]
    assert found["statements"][0].startswith("Use ")
    assert found["statements"][0] in " ".join(done.out.split())
    assert set(found) >= {"best", "not_ranked", "front", "detectable", "lead_needs", "optimism"}


def test_scores_that_never_differ_are_not_said_to_show_every_difference() -> None:
    same = [Measured(number, make_result(BASE.tolist(), chunk_size=size)) for number, size in enumerate((64, 128))]
    said = statements(decide(same, metric="mrr@10", goal="maximize"), ["chunk_size"])
    assert not [each for each in said if "four times in five" in each]
