"""W&B's parameter specs as distributions, and which proposals are one trial."""

from __future__ import annotations

from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from rag_sweeps.search import SearchSpace, baseline_proposals

pytestmark = pytest.mark.filterwarnings("ignore:The distribution is specified by")

OURS = {"golden_set": {"value": "g"}}


@pytest.mark.parametrize(
    ("spec", "distribution"),
    [
        ({"values": ["a", "b"]}, CategoricalDistribution(["a", "b"])),
        ({"values": [None, 64]}, CategoricalDistribution([None, 64])),
        ({"values": [1, 2], "distribution": "categorical"}, CategoricalDistribution([1, 2])),
        ({"min": 1, "max": 9}, IntDistribution(1, 9)),
        ({"min": 1, "max": 9, "distribution": "int_uniform"}, IntDistribution(1, 9)),
        ({"min": 0.0, "max": 1.0}, FloatDistribution(0.0, 1.0)),
        ({"min": 0, "max": 1, "distribution": "uniform"}, FloatDistribution(0.0, 1.0)),
        ({"min": 1e-3, "max": 1.0, "distribution": "log_uniform_values"}, FloatDistribution(1e-3, 1.0, log=True)),
        ({"min": 64, "max": 512, "q": 64, "distribution": "q_uniform"}, IntDistribution(64, 512, step=64)),
        ({"min": 0.0, "max": 0.5, "q": 0.25, "distribution": "q_uniform"}, FloatDistribution(0.0, 0.5, step=0.25)),
        ({"min": 1, "max": 64, "q": 1, "distribution": "q_log_uniform_values"}, IntDistribution(1, 64, log=True)),
    ],
)
def test_every_kind_of_spec_has_its_distribution(spec: dict[str, Any], distribution: object) -> None:
    space = SearchSpace({"x": spec})
    assert space.distributions == {"x": distribution}
    assert space.constants == {}


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ({"value": 3}, 3),
        ({"value": None}, None),
        ({"value": "a", "distribution": "constant"}, "a"),
        ({"values": ["only"]}, "only"),
        ({"min": 4, "max": 4}, 4),
        ({"min": 0.5, "max": 0.5}, 0.5),
    ],
)
def test_one_value_is_a_constant(spec: dict[str, Any], value: object) -> None:
    space = SearchSpace({"x": spec})
    assert space.distributions == {}
    assert space.constants == {"x": value}


def test_a_parameter_that_cannot_matter_does_not_make_another_trial() -> None:
    space = SearchSpace(
        {**OURS, "retriever": {"values": ["bm25", "dense"]}, "embedding_model": {"values": ["lsa-8", "lsa-16"]}}
    )
    lexical = [space.identity({"retriever": "bm25", "embedding_model": model}) for model in ("lsa-8", "lsa-16")]
    dense = [space.identity({"retriever": "dense", "embedding_model": model}) for model in ("lsa-8", "lsa-16")]
    assert lexical[0] == lexical[1]
    assert len({*lexical, *dense}) == 3
    assert space.points is not None
    assert len(space.points) == 3


def test_a_constant_decides_what_can_matter() -> None:
    swept = {"embedding_model": {"values": ["lsa-8", "lsa-16"]}, "chunk_size": {"values": [32, 64]}}
    assert len(SearchSpace({**OURS, **swept, "retriever": {"value": "bm25"}}).points or {}) == 2
    assert len(SearchSpace({**OURS, **swept, "retriever": {"value": "dense"}}).points or {}) == 4


def test_in_a_foreign_config_every_parameter_matters() -> None:
    parameters = {"retriever": {"values": ["bm25", "dense"]}, "embedding_model": {"values": ["lsa-8", "lsa-16"]}}
    assert len(SearchSpace(parameters).points or {}) == 4


@pytest.mark.parametrize(
    ("parameters", "n_points"),
    [
        ({"a": {"values": [1, 2, 3]}, "b": {"min": 1, "max": 4}}, 12),
        ({"a": {"min": 0.0, "max": 0.3, "q": 0.1, "distribution": "q_uniform"}}, 4),
        ({"a": {"min": 0.0, "max": 1.0, "q": 0.1, "distribution": "q_uniform"}}, 11),
        ({"a": {"min": 64, "max": 500, "q": 100, "distribution": "q_uniform"}}, 5),
        ({"a": {"min": 1, "max": 8, "q": 1, "distribution": "q_log_uniform_values"}}, 8),
        ({"a": {"min": 0.0, "max": 1.0}}, None),
        ({"a": {"min": 1, "max": 300_000}}, None),
        ({"a": {"value": 1}}, 1),
    ],
)
def test_a_finite_space_is_listed(parameters: dict[str, Any], n_points: int | None) -> None:
    points = SearchSpace(parameters).points
    assert (None if points is None else len(points)) == n_points


@pytest.mark.parametrize("high", [0.3, 0.5, 0.7, 0.9, 1.0, 1.2])
def test_every_listed_point_lies_inside(high: float) -> None:
    space = SearchSpace({"a": {"min": 0.0, "max": high, "q": 0.1, "distribution": "q_uniform"}})
    assert space.points is not None
    assert all(space.contains(proposal) for proposal in space.points.values())


@pytest.mark.parametrize(
    ("proposal", "inside"),
    [
        ({"n": 5, "x": 0.5, "c": "a"}, True),
        ({"n": 0, "x": 0.5, "c": "a"}, False),
        ({"n": 5, "x": 1.5, "c": "a"}, False),
        ({"n": 5, "x": 0.5, "c": "z"}, False),
        ({"n": 5, "x": 0.5, "c": True}, False),
        ({"n": 5, "x": 0.5, "c": 1}, True),
        ({"n": True, "x": 0.5, "c": "a"}, False),
        ({"n": "5", "x": 0.5, "c": "a"}, False),
        ({"n": 5, "x": 0.5}, False),
        ({"n": 5, "x": 0.5, "c": "a", "d": 1}, False),
        ({"n": 5.5, "x": 0.5, "c": "a"}, False),
    ],
)
def test_what_lies_inside(proposal: dict[str, Any], inside: bool) -> None:
    space = SearchSpace({"n": {"min": 1, "max": 9}, "x": {"min": 0.0, "max": 1.0}, "c": {"values": ["a", 1, None]}})
    assert space.contains(proposal) is inside


@pytest.mark.parametrize(
    ("spec", "wanted", "nearest"),
    [
        ({"min": 1, "max": 9}, 5, 5),
        ({"min": 1, "max": 9}, 20, 9),
        ({"min": 4, "max": 9}, 1, 4),
        ({"min": 4, "max": 9}, None, 4),
        ({"min": 0.1, "max": 0.9}, 0.0, 0.1),
        ({"min": 64, "max": 500, "q": 100, "distribution": "q_uniform"}, 256, 264),
        ({"min": 64, "max": 500, "q": 100, "distribution": "q_uniform"}, 9999, 464),
        ({"values": [64, 128, 512]}, 256, 128),
        ({"values": ["a", "b"]}, "b", "b"),
        ({"values": ["a", "b"]}, "c", "a"),
        ({"values": [None, 64]}, None, None),
    ],
)
def test_the_nearest_allowed_value(spec: dict[str, Any], wanted: object, nearest: object) -> None:
    found = SearchSpace({"x": spec}).nearest("x", wanted)
    assert found == nearest
    assert type(found) is type(nearest)


def test_baselines_are_the_default_and_the_same_with_bm25() -> None:
    space = SearchSpace(
        {
            **OURS,
            "retriever": {"values": ["hybrid", "bm25", "dense"]},
            "chunk_size": {"values": [64, 300]},
            "top_k": {"min": 7, "max": 9},
        }
    )
    assert baseline_proposals(space) == {
        "default": {"retriever": "dense", "chunk_size": 300, "top_k": 7},
        "bm25": {"retriever": "bm25", "chunk_size": 300, "top_k": 7},
    }


def test_bm25_is_a_baseline_of_a_sweep_that_does_not_search_retrievers() -> None:
    space = SearchSpace({**OURS, "chunk_size": {"values": [64, 128]}})
    assert baseline_proposals(space)["bm25"] == {"chunk_size": 128, "retriever": "bm25"}


def test_where_the_default_is_bm25_there_is_one_baseline() -> None:
    space = SearchSpace({**OURS, "retriever": {"value": "bm25"}, "chunk_size": {"values": [64, 128]}})
    assert list(baseline_proposals(space)) == ["bm25"]


def test_word_pieces_are_not_stemmed_in_a_baseline() -> None:
    space = SearchSpace({**OURS, "bm25_tokenizer": {"value": "wordpieces"}, "chunk_size": {"values": [64, 128]}})
    assert baseline_proposals(space)["bm25"]["bm25_stemmer"] == "none"
