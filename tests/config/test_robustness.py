"""Whatever is done to a valid file, reading it gives a sweep or a ConfigError, and what is valid fits the schema."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag_sweeps.config import ConfigError, Problem, load_sweep, sweep_schema
from rag_sweeps.config.specs import SPEC_KEYS
from rag_sweeps.parameters import NAMES

from .conftest import VALID

jsonschema = pytest.importorskip("jsonschema")

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=10),
    st.dates(),
    st.binary(max_size=5),
    st.sampled_from(["mrr@10", "objective", "grid", "q_uniform", "lsa-2", "./x", "artifact:", "a\0b", "golden"]),
    st.sampled_from([0, 1, 20, 64, 0.5, 2**70]),
)
KEYS = st.one_of(st.sampled_from([*SPEC_KEYS, *NAMES, "parameters", "metrics", "name", "goal"]), st.text(max_size=5))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, SCALARS), inner, max_size=4)),
    max_leaves=8,
)
SCHEMA = jsonschema.Draft202012Validator(sweep_schema())


@st.composite
def mutated_documents(draw: st.DrawFn) -> Any:
    document: Any = copy.deepcopy(yaml.safe_load(VALID))
    for _ in range(draw(st.integers(1, 3))):
        target = document
        while True:
            keys = list(target) if isinstance(target, dict) else list(range(len(target)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(target[key], dict | list) and draw(st.booleans()):
                target = target[key]
                continue
            change = draw(st.sampled_from(["delete", "replace", "add"]))
            if change == "delete":
                del target[key]
            elif change == "replace":
                target[key] = draw(VALUES)
            elif isinstance(target, dict):
                target[draw(KEYS)] = draw(VALUES)
            else:
                target.append(draw(VALUES))
            break
    return document


def check(text: str, folder: Path) -> None:
    path = folder / "m.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    problems: tuple[Problem, ...] = ()
    try:
        sweep = load_sweep(path)
    except ConfigError as error:
        problems = error.problems
    else:
        problems = sweep.warnings
        assert len(sweep.digest) == 12
        SCHEMA.validate(sweep.document)
    assert all(problem.remedy for problem in problems)
    assert all(str(problem).isprintable() for problem in problems)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=mutated_documents())
def test_a_mutated_file_is_a_sweep_or_a_config_error(folder, document):
    check(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), folder)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    place=st.integers(0, len(VALID)),
    n_cut=st.integers(0, 8),
    junk=st.text(alphabet="{}[]:,-&*!<>#'\"|%@ \nax0\x85", max_size=5),
)
@example(place=0, n_cut=0, junk="\ud800")
def test_a_file_with_broken_text_is_a_sweep_or_a_config_error(folder, place, n_cut, junk):
    check(VALID[:place] + junk + VALID[place + n_cut :], folder)


def test_a_lone_surrogate_can_be_printed(refusals):
    found = refusals(("{value: golden}", '{value: "\\ud800"}'), ("chunker", '"\\ud800"'))
    assert len(found) == 2
    assert all(line.isprintable() for line in found)


def test_the_current_directory_is_left_alone(folder, load):
    load()
    assert os.listdir(folder / "golden") == []
