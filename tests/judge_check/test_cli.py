"""`rag-sweeps judge check` against real clients and a provider on the loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conftest import Cli
from loopback.providers.server import ProviderServer

from judge_check.judges import judging_like_people

JUDGED = {
    "generator": {"value": "extractive"},
    "judge": {"value": "openai:gpt-4.1"},
    "chunk_size": {"values": [32, 64]},
}
FEW = {
    "question": "How many days of holiday?",
    "passages": [{"document": "leave.md", "text": "26 days of holiday."}, {"document": "pay.md", "text": "Pay."}],
    "reference": "26 days",
    "answer": "12 days",
    "grades": {"correctness": "D", "groundedness": "D", "completeness": "D"},
}


def few_labels(folder: Path) -> Path:
    path = folder / "labels.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), **FEW}) + "\n" for n in range(3)), encoding="utf-8")
    return path


def serve() -> ProviderServer:
    reply = judging_like_people()
    return ProviderServer(lambda model, system, user: reply(system, user, 0))


def test_a_check_announces_its_calls_reports_and_costs_nothing_the_second_time(
    cli: Cli, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    config = write_config({**JUDGED, "budget_usd": {"value": 5.0}})
    labels = few_labels(tmp_path)
    with serve() as server:
        ran = cli("judge", "check", config, "--repeats", 2, "--labels", labels, **server.environment())
        assert ran.code == 0, ran.err
        asked = len(server.log)
        again = cli(
            "judge",
            "check",
            config,
            "--repeats",
            2,
            "--labels",
            labels,
            "--json",
            "--difference",
            0.3,
            **server.environment(),
        )
        assert len(server.log) == asked
    assert "up to" in ran.out.splitlines()[0]
    assert "under a cap of $5" in ran.out.splitlines()[0]
    assert "Attacks on wrong answers" in ran.out
    assert "attacks on wrong answers raised a grade: 0.0%" in ran.out
    assert again.code == 0, again.err
    found = again.json
    assert found["n_labelled"] == 3
    assert found["agreement"]["answer_score"]["human_mean"] == 0.0
    assert found["agreement"]["correctness"]["kappa"]["value"] is None
    assert found["injection"]["rate"]["value"] == 0.0
    assert list(found["resolution"]["needed"]) == ["0.3"]
    assert "0.3" in found["sentences"][0]


def test_a_check_stops_at_the_cap(cli: Cli, write_config: Callable[..., Path], tmp_path: Path) -> None:
    config = write_config({**JUDGED, "budget_usd": {"value": 0.05}})
    with serve() as server:
        ran = cli("judge", "check", config, "--labels", few_labels(tmp_path), **server.environment())
        assert ran.code == 3, ran.err
        assert 0 < server.usd({"gpt-4.1": {"input": 2.0, "cached": 0.5, "output": 8.0}}) <= 0.05


def test_a_missing_key_is_named_before_anything_is_asked(cli: Cli, write_config: Callable[..., Path]) -> None:
    ran = cli("judge", "check", write_config(JUDGED))
    assert ran.code == 2
    assert "OPENAI_API_KEY" in ran.err


def test_wrong_labels_are_named_before_anything_is_asked(
    cli: Cli, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id": "a"}\n', encoding="utf-8")
    ran = cli("judge", "check", write_config(JUDGED), "--labels", path)
    assert ran.code == 2
    assert "labels.jsonl:1: 'question' is missing" in ran.err


def test_a_config_without_a_judge_is_refused(cli: Cli, write_config: Callable[..., Path]) -> None:
    ran = cli("judge", "check", write_config({"generator": {"value": "none"}}))
    assert ran.code == 2
    assert "no judge" in ran.err


def test_the_mean_of_a_sweep_is_corrected_by_the_labels(
    cli: Cli, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    """The judge gives every answer the best grade; people gave the same kind of answer the worst."""

    def reply(model: str, system: str, user: str) -> str:
        if model.startswith("gpt-5"):
            return json.dumps({"answer": "Whatever you like.", "citations": [1]})
        return json.dumps({"reason": "so", "grade": "A"})

    models = {"generator": {"value": "openai:gpt-5-mini"}, "judge": {"value": "anthropic:claude-haiku-4-5"}}
    config = write_config(
        {**models, "chunk_size": {"values": [32, 64]}, "retriever": {"value": "bm25"}},
        metric={"name": "answer_score", "goal": "maximize"},
    )
    with ProviderServer(reply) as server:
        swept = cli("sweep", config, "--count", 1, **server.environment())
        assert swept.code == 0, swept.err
        sweep = cli("results", "--json").json["sweep"]
        check = ("judge", "check", config, "--labels", few_labels(tmp_path), "--sweep", sweep, "--json")
        ran = cli(*check, **server.environment())
        assert ran.code == 0, ran.err
        other = write_config({**JUDGED, "judge": {"value": "openai:gpt-4.1"}}, file="other.yaml")
        refused = cli("judge", "check", other, *check[3:], **server.environment())
    corrected = ran.json["corrected"]
    assert (corrected["judge_mean"], corrected["value"]) == (1.0, 0.0)
    assert corrected["low"] < 0.0 < corrected["high"] < 0.5
    assert "people would have given" in ran.json["sentences"][-1]
    assert refused.code == 2
    assert "judged by anthropic:claude-haiku-4-5" in refused.err
