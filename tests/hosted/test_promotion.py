"""`rag-sweeps promote`: the gate first, then the registry, and once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conftest import Cli
from loopback.server import LoopbackServer

from hosted.runs import N_SMALL, SMALL

Write = Callable[..., Path]
Hosted = dict[str, str]
TO = ("--registry", "rag", "--split", "dev", "--metric", "mrr@10")


def trial_of(cli: Cli, **wanted: object) -> str:
    """The id of the first trial with these parameters."""
    trials = cli("results", "--json").json["trials"]
    return next(
        each["trial_id"] for each in trials if all(each["params"][name] == value for name, value in wanted.items())
    )


def test_a_configuration_is_promoted_when_the_gate_lets_it_pass_and_only_once(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    ran = cli("sweep", write_config(SMALL, method="grid", run_cap=N_SMALL), **hosted)
    assert ran.code == 0, ran.err
    baseline, candidate = (trial_of(cli, retriever=name, top_k=1) for name in ("dense", "bm25"))
    n_runs = len(server.runs)

    refused = cli("promote", "-b", baseline, "-c", candidate, *TO, "--margin", 0.0, **hosted)
    assert (refused.code, refused.out.splitlines()[-1]) == (1, "nothing is linked")
    assert (server.registry, len(server.runs)) == ([], n_runs)

    away = cli("promote", "-b", baseline, "-c", candidate, *TO, "--margin", 0.9)
    assert away.code == 2
    assert "a promotion needs W&B: set WANDB_API_KEY" in away.err

    first = cli("promote", "-b", baseline, "-c", candidate, *TO, "--margin", 0.9, **hosted)
    assert first.code == 0, first.err
    assert first.out.splitlines()[-1] == "linked: org-entity/wandb-registry-rag/configuration-tiny:v0 is production"
    ((collection, alias, version),) = server.registry
    assert (collection, alias, version.collection.type) == ("configuration-tiny", "production", "configuration")
    about = version.metadata
    assert {
        "baseline_id": baseline,
        "candidate_id": candidate,
        "metric": "mrr@10",
        "margin": 0.9,
    }.items() <= about.items()
    assert {"golden_digest", "difference", "low", "high", "p", "promoted_by", "promoted_at"} <= about.keys()
    assert len(about["golden_digest"]) == 64

    again = cli("promote", "-b", baseline, "-c", candidate, *TO, "--margin", 0.9, **hosted)
    assert again.code == 0, again.err
    assert again.out.splitlines()[-1].startswith("linked before: org-entity/wandb-registry-rag/configuration-tiny")
    assert len(server.registry) == 1
    assert len(server.artifacts["configuration-tiny"].versions) == 1
    held = json.loads(version.files["comparison.json"])
    assert {"baseline_id": baseline, "candidate_id": candidate, "p": about["p"]}.items() <= held.items()
    assert json.loads(version.files["configuration.json"])["retriever"] == "bm25"

    # golden set -> run -> result -> promotion -> configuration
    promotion = version.created_by
    assert promotion.job_type == "promotion"
    assert promotion.state == "finished"
    results = {artifact.collection.name: artifact for artifact in promotion.used_artifacts}
    assert results.keys() == {f"result-{baseline[:16]}", f"result-{candidate[:16]}"}
    measured_by = results[f"result-{candidate[:16]}"].created_by
    assert measured_by.job_type in ("trial", "baseline")
    assert [artifact.collection.type for artifact in measured_by.used_artifacts] == ["golden-set"]
