"""The real wiring: parameters of a trial, the real SDKs, the real ledger, a server on the loopback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import make_params
from loopback.providers.server import ProviderServer

from calling.played import SWEEP, call, calls, outcomes
from rag_sweeps.calling import open_caller
from rag_sweeps.errors import InputError
from rag_sweeps.ledger import Ledger
from rag_sweeps.records import Completion

FREE = "compatible:local-7b: {free: true}\n"


def test_three_providers_are_asked_at_once_and_the_bill_is_the_ledger(server: ProviderServer, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(FREE)
    caller = open_caller(make_params(prices=str(tmp_path / "prices.yaml")), sweep_id=SWEEP, budget_usd=1.0)
    compatible = {"base_url": server.compatible_url}
    wanted = [
        *calls(10, model="openai:gpt-4o-mini"),
        *calls(10, model="anthropic:claude-haiku-4-5"),
        *calls(10, model="compatible:local-7b", settings=compatible),
    ]
    found = outcomes(caller, wanted)
    assert all(isinstance(reply, Completion) and reply.problem is None for reply in found.values())
    assert {name: billed.requests for name, billed in server.billed().items()} == {
        "gpt-4o-mini": 10,
        "claude-haiku-4-5": 10,
        "local-7b": 10,
    }
    prices = {
        "gpt-4o-mini": {"input": 0.15, "cached": 0.075, "output": 0.6},
        "claude-haiku-4-5": {"input": 1.0, "cached": 0.1, "cache_write": 1.25, "output": 5.0},
        "local-7b": {"input": 0.0, "output": 0.0},
    }
    assert Ledger().spent(SWEEP) == pytest.approx(server.usd(prices), abs=1e-7)


def test_parameters_become_limits(server: ProviderServer) -> None:
    caller = open_caller(make_params(request_attempts=2, concurrency=1), sweep_id=SWEEP, budget_usd=None)
    server.faults.add("500")
    outcomes(caller, [call(0)])
    assert len(server.log) == 2


def test_batches_are_used_where_the_parameters_say_so(server: ProviderServer) -> None:
    server.batches.polls = 0
    outcomes(open_caller(make_params(batch=True), sweep_id=SWEEP, budget_usd=None), [call(0)])
    assert server.billed(batch=True)["gpt-4o-mini"].requests == 1


def test_a_missing_key_is_named_before_a_call(server: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    caller = open_caller(make_params(), sweep_id=SWEEP, budget_usd=None)
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        outcomes(caller, calls(3))
    assert server.log == []


def test_a_stored_reply_needs_no_key_and_no_sdk(server: ProviderServer) -> None:
    outcomes(open_caller(make_params(), sweep_id=SWEEP, budget_usd=None), [call(0)])
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from calling.played import call, outcomes; "
        "from conftest import make_params; from rag_sweeps.calling import open_caller; "
        "found = outcomes(open_caller(make_params(), sweep_id='s', budget_usd=0.0), [call(0)]); "
        "print(found[0].text, 'openai' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent.parent)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "heard: question 0 False False", done.stderr


def test_the_embedder_of_a_trial_is_opened_by_its_model(server: ProviderServer, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("compatible:bge: {free: true}\n")
    params = make_params(
        embedding_model="compatible:bge",
        compatible_base_url=server.compatible_url,
        prices=str(tmp_path / "prices.yaml"),
    )
    caller = open_caller(params, sweep_id=SWEEP, budget_usd=0.0)
    embedder = caller.embedder(params.embedding_model, trial_id="trial")
    (found,) = embedder.embed(["one text", "another"], role="query")
    assert found.vectors.shape == (2, 64)
    assert embedder.identity == f"api:compatible:bge@{server.compatible_url}"
