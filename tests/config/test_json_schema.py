from pathlib import Path

import pytest
import yaml

from rag_sweeps.config import load_sweep, sweep_schema
from rag_sweeps.parameters import DEFAULTS, NAMES

jsonschema = pytest.importorskip("jsonschema")

CHECKOUT = Path(__file__).parents[2]
CONFIGS = sorted((CHECKOUT / "configs").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(sweep_schema())
    return jsonschema.Draft202012Validator(sweep_schema())


def test_the_valid_file_agrees_with_the_schema(validator, load):
    validator.validate(load().document)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_shipped_config_is_valid_for_the_check_and_the_schema(validator, path, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    validator.validate(load_sweep(path).document)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("run_cap: 24", "run_cpa: 24"),
        ("run_cap: 24", "run_cap: 0"),
        ("run_cap: 24", "early_terminate: {}"),
        ("method: bayes", "method: byes"),
        ("method: bayes\n", ""),
        ("goal: maximize", "goal: minimize"),
        ("  goal: maximize\n", ""),
        ("name: objective", "name: mrr@7"),
        ("  golden_set: {value: golden}\n", ""),
        ("{value: golden}", "{values: [golden]}"),
        ("chunk_size", "chunk_sise"),
        ("{min: 64, max: 512}", "{min: 4, max: 512}"),
        ("{min: 64, max: 512}", "{min: 64.5, max: 512}"),
        ("{min: 64, max: 512}", "{min: 64}"),
        ("{min: 64, max: 512}", "{min: 64, max: 512, distribution: uniform}"),
        ("{min: 64, max: 512}", "{min: 64, max: 512, distribution: q_uniform}"),
        ("{min: 64, max: 512}", "{min: 64, max: 512, q: 8}"),
        ("{min: 64, max: 512}", "64"),
        ("{min: 64, max: 512}", "{value: 64, values: [64]}"),
        ("{min: 64, max: 512}", "{value: '64'}"),
        ("[tokens, recursive]", "[token, recursive]"),
        ("[tokens, recursive]", "[tokens, tokens]"),
        ("[tokens, recursive]", "[]"),
        ("{values: [tokens, recursive]}", "{min: 1, max: 2}"),
        ("{value: answer_score}", "{value: answer}"),
    ],
)
def test_the_schema_and_the_check_refuse_the_same_mistakes(validator, refusals, load, old, new):
    assert refusals((old, new))
    assert not validator.is_valid(yaml.safe_load(Path("x.yaml").read_text()))


def test_every_parameter_has_its_description_and_default():
    parameters = sweep_schema()["properties"]["parameters"]["properties"]
    assert set(parameters) == set(NAMES)
    assert all(schema["description"] for schema in parameters.values())
    values = {name: schema["oneOf"][0]["properties"]["value"] for name, schema in parameters.items()}
    assert {name: value["default"] for name, value in values.items() if "default" in value} == DEFAULTS
