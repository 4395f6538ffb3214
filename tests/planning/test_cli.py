"""`rag-sweeps plan`: for people and as JSON, without a key, a request or a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Cli

from rag_sweeps.ledger import Ledger
from rag_sweeps.records import ChatRequest, Completion, Usage
from rag_sweeps.store.replies import ReplyStore

MODELS = {
    "generator": {"value": "openai:gpt-4o-mini"},
    "judge": {"value": "anthropic:claude-haiku-4-5"},
    "budget_usd": {"value": 3.5},
    "top_k": {"min": 1, "max": 3},
}
DEAD = "http://127.0.0.1:1"


@pytest.fixture
def config(write_config: Callable[..., Path]) -> Path:
    return write_config(MODELS, run_cap=2)


def test_a_plan_is_printed_for_people(cli: Cli, config: Path, home: Path) -> None:
    done = cli("plan", config, OPENAI_BASE_URL=DEAD, ANTHROPIC_BASE_URL=DEAD, https_proxy=DEAD)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("tiny-")
    assert "2 trials and 2 baselines on 8 dev questions of golden" in lines[0]
    found = {tuple(line.split()[:2]): line for line in lines if line}
    for provider, purpose in (("openai", "generate"), ("anthropic", "judge")):
        assert "–" in found[provider, purpose]
    assert found["local", "embed"].split()[-2:] == ["0", "lsa-8"]
    assert "budget: 3.50 dollars: enough for all 4 trials" in lines
    assert "missing: ANTHROPIC_API_KEY, OPENAI_API_KEY; export it before the sweep (this plan needs no key)" in lines
    starts = {line.index(purpose) for (_, purpose), line in found.items() if purpose in ("generate", "judge", "embed")}
    assert len(starts) == 1, "columns are aligned"
    assert not home.exists(), "a plan writes nothing"


def test_a_plan_is_printed_as_json_alone(cli: Cli, config: Path) -> None:
    plan = cli("plan", config, "--json", "--count", 1).json
    assert plan["trials"] == {"searched": 1, "baselines": 2, "finished": 0, "confirmed": {"low": 2, "high": 4}}
    lines = {(line["provider"], line["purpose"]): line for line in plan["lines"]}
    assert list(lines) == [("anthropic", "judge"), ("openai", "generate"), ("local", "embed")]
    written = lines["openai", "generate"]
    assert written["models"] == ["openai:gpt-4o-mini"]
    assert 0 < written["usd"]["low"] < written["usd"]["high"]
    assert 0 < written["tokens"]["low"] < written["tokens"]["high"]
    assert lines["local", "embed"]["usd"] == {"low": 0.0, "high": 0.0}
    assert plan["usd"]["high"] == pytest.approx(sum(line["usd"]["high"] for line in plan["lines"]))
    assert plan["trials_within_budget"] == {"low": 3, "high": 3}
    assert (plan["budget_usd"], plan["spent_usd"]) == (3.5, 0.0)
    assert plan["missing_keys"] == ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]


def test_what_was_spent_already_is_taken_off_the_budget(cli: Cli, config: Path) -> None:
    sweep_id = cli("plan", config, "--json").json["sweep"]
    ledger = Ledger()
    call = {"provider": "openai", "model": "m", "purpose": "judge", "trial_id": "t", "question_id": "q"}
    number = ledger.reserve(sweep_id=sweep_id, budget_usd=None, worst_usd=3.5, **call)
    ledger.give_up(number, reason="?", billed=True)
    ledger.close()
    plan = cli("plan", config, "--json").json
    assert (plan["spent_usd"], plan["trials_within_budget"]) == (3.5, {"low": 0, "high": 0})


def test_what_the_stores_hold_is_said(cli: Cli, config: Path) -> None:
    store = ReplyStore()
    for repeat in range(3):
        request = ChatRequest("openai:gpt-4o-mini", "", "?", 16, repeat=repeat)
        store.put(request, Completion("yes", Usage("openai", "gpt-4o-mini", "generate", 1)))
    store.close()
    done = cli("plan", config)
    assert "kept: 3 replies of openai:gpt-4o-mini; the low ends take it that all of them serve" in done.out
    assert "kept: 0 replies of anthropic:claude-haiku-4-5\n" in done.out
    assert "kept: 0 vectors of lsa-8\n" in done.out
    kept = {line["purpose"]: line["kept"] for line in cli("plan", config, "--json").json["lines"]}
    assert kept == {"judge": 0, "generate": 3, "embed": 0}


def test_a_model_without_a_price_ends_with_2(cli: Cli, write_config: Callable[..., Path]) -> None:
    done = cli("plan", write_config({**MODELS, "generator": {"value": "openai:gpt-x"}}, run_cap=2))
    assert done.code == 2
    assert done.out == ""
    assert (
        "generator: no price for 'openai:gpt-x'; add it to a prices file (prices: {value: my_prices.yaml})" in done.err
    )


def test_an_artifact_has_no_plan(cli: Cli, write_config: Callable[..., Path]) -> None:
    done = cli("plan", write_config({"golden_set": {"value": "artifact:golden:v0"}}, run_cap=2))
    assert done.code == 2
    assert "golden_set is an artifact; a plan needs its folder" in done.err
