"""A sweep that races: a configuration that is clearly losing is not answered and judged to the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from loopback.providers.server import ProviderServer

Write = Callable[..., Path]
N_DEV = 8


def reply(model: str, system: str, user: str) -> str:
    """What the prompt asks for badly is wrong, and the judge sees it."""
    if "claude" in model:
        return json.dumps({"reason": "compared", "grade": "D" if "utterly wrong" in user else "A"})
    return json.dumps({"answer": "utterly wrong" if "BADLY" in system else "right", "citations": [1]})


@pytest.fixture
def racing_providers() -> Iterator[ProviderServer]:
    with ProviderServer(reply) as running:
        yield running


def test_a_losing_configuration_is_dropped_and_says_why(
    racing_providers: ProviderServer, write_config: Write, cli: Cli, tmp_path: Path
) -> None:
    for name, text in (("good.md", "Answer well."), ("bad.md", "Answer BADLY.")):
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    path = write_config(
        {
            "retriever": {"value": "bm25"},
            "top_k": {"values": [1, 2, 3]},
            "generator": {"value": "openai:gpt-4o-mini"},
            "answer_prompt": {"values": [str(tmp_path / "good.md"), str(tmp_path / "bad.md")]},
            "judge": {"value": "anthropic:claude-haiku-4-5"},
            "quality_metric": {"value": "answer_score"},
            "racing": {"value": True},
            "race_block": {"value": 5},
            "budget_usd": {"value": 5.0},
        },
        method="grid",
        run_cap=6,
    )
    ran = cli("sweep", path, timeout_s=300, **racing_providers.environment())
    assert ran.code == 0, ran.err
    results: dict[str, Any] = cli("results", "--json").json
    dropped = [trial for trial in results["trials"] if trial["state"] == "pruned"]
    assert dropped
    for trial in dropped:
        assert trial["params"]["answer_prompt"].endswith("bad.md")
        assert trial["looks"][-1]["n"] < N_DEV
        assert not trial["looks"][-1]["keep_going"]
        assert trial["metrics"]["answer_score"]["n"] < N_DEV
        assert "dropped" in ran.out
    kept = [trial for trial in results["trials"] if trial["state"] == "finished" and not trial["baseline"]]
    assert any(trial["params"]["answer_prompt"].endswith("good.md") for trial in kept)
    assert results["missing"] == []
    recommended = next(trial for trial in results["trials"] if trial["number"] == results["decision"]["recommended"])
    assert recommended["params"]["answer_prompt"].endswith("good.md")
