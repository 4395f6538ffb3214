import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rag_sweeps.config import ConfigError, Objective
from rag_sweeps.parameters import DEFAULTS


def test_a_valid_file_becomes_a_sweep(load, folder):
    sweep = load()
    assert sweep.path == Path("x.yaml")
    assert (sweep.name, sweep.method, sweep.run_cap) == ("quickstart", "bayes", 24)
    assert sweep.objectives == (Objective("objective", "maximize"),)
    assert sweep.constants == {
        "golden_set": "golden",
        "quality_metric": "answer_score",
        "cost_metric": "context_tokens_per_question",
        "cost_weight": 0.00005,
    }
    assert sweep.swept["chunk_size"] == {"min": 64, "max": 512}
    assert sweep.golden_dir == folder / "golden"
    assert sweep.config is sweep.document
    assert sweep.document == yaml.safe_load((folder / "x.yaml").read_text())


def test_every_problem_is_told_at_once(refusals):
    found = refusals(("method: bayes", "method: byes"), ("chunk_size", "chunk_sise"), ("max: 10", "max: 0"))
    assert [line.partition(":")[0] for line in found] == ["3", "11", "15"]


@pytest.mark.parametrize("parameters", ["", "[]", "3"])
def test_parameters_must_be_a_mapping(refusals, parameters):
    text = f"method: grid\nmetric: {{name: objective, goal: maximize}}\nparameters: {parameters}\n"
    (found,) = refusals(text=text)
    assert found.startswith("3: parameters: ")
    assert found.endswith("is no mapping; write one parameter a line under it")


def test_missing_parameters_are_refused(refusals):
    found = refusals(text="method: grid\nmetric: {name: objective, goal: maximize}\n")
    assert found == ["1: parameters: is missing; write parameters:, with golden_set: {value: <folder>} under it"]


def test_seed_and_budget_have_defaults(load):
    assert load().seed == 0
    assert load().budget_usd is None
    sweep = load(("  quality_metric", "  seed: {value: 7}\n  budget_usd: {value: 5}\n  quality_metric"))
    assert sweep.seed == 7
    assert sweep.budget_usd == 5.0


def test_a_trial_has_constants_proposal_and_defaults(load):
    params = load().trial_params({"chunk_size": 64, "retriever": "bm25"})
    assert (params.quality_metric, params.chunk_size, params.retriever) == ("answer_score", 64, "bm25")
    assert params.chunk_overlap == DEFAULTS["chunk_overlap"]


@pytest.mark.parametrize(
    ("proposal", "problem"),
    [
        ({"chunk_size": 1}, "x.yaml: chunk_size: 1 input should be greater than or equal to 8; propose a value"),
        ({"chunk_sise": 64}, "x.yaml: chunk_sise: 64 unexpected keyword argument; propose a value"),
    ],
)
def test_a_bad_proposal_is_an_error_of_the_input(load, proposal, problem):
    with pytest.raises(ConfigError) as caught:
        load().trial_params(proposal)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    "edit",
    [
        ("name: quickstart", "name: Other"),
        ("run_cap: 24", "run_cap: 50"),
        ("name: quickstart", "name: quickstart\ndescription: d"),
        ('"trial"]', '"trial", "-v"]'),
        ("  name: objective\n  goal: maximize\n", "  goal: maximize\n  name: objective\n"),
    ],
)
def test_what_does_not_decide_the_search_leaves_the_digest(load, edit):
    assert load(edit).digest == load().digest


@pytest.mark.parametrize(
    "edit",
    [
        ("method: bayes", "method: random"),
        ("name: objective", "name: answer_score"),
        ("max: 512", "max: 511"),
        ("[tokens, recursive]", "[recursive, tokens]"),
        ("{value: answer_score}", "{value: answer_f1}"),
    ],
)
def test_what_decides_the_search_is_in_the_digest(load, edit):
    assert load(edit).digest != load().digest


def test_a_sweep_id_is_readable_and_tells_searches_apart(load):
    sweep = load(("name: quickstart", "name: Über die Häuser!"))
    assert len(sweep.digest) == 12
    assert sweep.sweep_id == f"ber-die-h-user-{sweep.digest[:8]}"
    assert load(("name: quickstart\n", "")).sweep_id == f"x-{sweep.digest[:8]}"
    assert load(("name: quickstart", "name: '!!'")).sweep_id == f"sweep-{sweep.digest[:8]}"


def test_a_sweep_can_be_sent_to_another_process(load):
    sweep = load()
    assert pickle.loads(pickle.dumps(sweep)) == sweep == copy.deepcopy(sweep)


def test_checking_imports_nothing_heavy():
    heavy = "{'numpy', 'torch', 'wandb', 'optuna', 'faiss', 'jsonschema'}"
    code = f"import sys, rag_sweeps.config; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
