"""A sweep whose answers and verdicts come from providers: real SDKs, real processes, servers of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from loopback.providers.server import ProviderServer
from loopback.server import LoopbackServer

Write = Callable[..., Path]

GENERATOR, JUDGE = "openai:gpt-4o-mini", "anthropic:claude-haiku-4-5"
MODELS = {
    "retriever": {"value": "bm25"},
    "top_k": {"values": [1, 3]},
    "generator": {"value": GENERATOR},
    "judge": {"value": JUDGE},
    "quality_metric": {"value": "answer_score"},
    "budget_usd": {"value": 5.0},
}


def test_a_sweep_asks_models_pays_once_and_knows_what_it_paid(
    providers: ProviderServer, write_config: Write, cli: Cli
) -> None:
    path = write_config(MODELS, method="grid", run_cap=2)
    first = cli("sweep", path, **providers.environment())
    assert first.code == 0, first.err
    line = first.out.splitlines()[0]
    assert GENERATOR in line
    assert JUDGE in line
    assert "$5.00" in line
    results = cli("results", "--json").json
    assert 0 < results["spent_usd"] < 5
    assert [trial["state"] for trial in results["trials"]].count("finished") == len(results["trials"])
    n_calls = len(providers.log)
    assert n_calls > 0

    again = cli("sweep", path, **providers.environment())
    assert again.code == 0, again.err
    assert len(providers.log) == n_calls
    assert cli("results", "--json").json["spent_usd"] == pytest.approx(results["spent_usd"])


def test_a_bad_score_leads_to_the_prompt_and_the_passages(
    providers: ProviderServer, server: LoopbackServer, hosted: dict[str, str], write_config: Write, cli: Cli
) -> None:
    path = write_config(MODELS, method="grid", run_cap=1)
    ran = cli("sweep", path, timeout_s=300, **{**hosted, **providers.environment()})
    assert ran.code == 0, ran.err
    by_id = {call.id: call for call in server.calls}
    evaluations = [call for call in server.calls if call.name == "Evaluation.evaluate"]
    run_ids = {run.id for run in server.runs.values() if run.job_type in ("trial", "baseline")}
    assert {call.attributes["wandb_run_id"] for call in evaluations} == run_ids
    assert len(evaluations) == len(run_ids)
    assert all(call.attributes["trial_id"] for call in server.calls)
    predictions = [call for call in server.calls if call.name == "predict"]
    assert len(predictions) == 8 * len(run_ids)
    nested = {(call.name, by_id[call.parent_id].name) for call in server.calls if call.parent_id}
    assert {("retrieve", "predict"), ("generate", "predict"), ("judge", "predict")} <= nested
    assert {("openai.chat", "generate"), ("anthropic.chat", "judge")} <= nested
    written = next(call for call in server.calls if call.name == "openai.chat")
    assert "passage" in json.dumps(written.inputs).lower()
    assert providers.environment()["OPENAI_API_KEY"] not in json.dumps([call.inputs for call in server.calls])
    run = next(run for run in server.runs.values() if run.job_type == "trial")
    assert run.summary["usd/openai/generate"] > 0
    assert run.summary["usd/anthropic/judge"] > 0
    assert evaluation_means(server) == {run.id: run.summary["answer_score"] for run in runs_of(server)}


def runs_of(server: LoopbackServer) -> list[Any]:
    return [run for run in server.runs.values() if run.job_type in ("trial", "baseline")]


def evaluation_means(server: LoopbackServer) -> Mapping[str, float]:
    return {
        call.attributes["wandb_run_id"]: call.output["output"]["answer_score"]
        for call in server.calls
        if call.name == "Evaluation.evaluate"
    }
