"""Values of a sweep's parameters, and their share of its trials."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from rag_sweeps.config import SweepConfig, load_sweep
from rag_sweeps.planning.ranges import Range
from rag_sweeps.planning.shares import largest, n_values, share_of, span_of, values_of


@pytest.fixture
def sweep(write_config: Callable[..., Path]) -> SweepConfig:
    parameters = {
        "chunk_size": {"min": 16, "max": 64},
        "retriever": {
            "values": [
                "bm25",
                "dense",
                "hybrid",
            ]
        },
        "bm25_k1": {"min": 0.5, "max": 1.5},
        "bm25_b": {"min": 0.25, "max": 0.75, "q": 0.25, "distribution": "q_uniform"},
        "max_context_tokens": {"values": [100, None]},
        "temperature": {"value": 0.5},
    }
    return load_sweep(write_config(parameters, run_cap=2))


def test_values_are_those_listed_the_constant_or_the_ends(sweep: SweepConfig) -> None:
    assert values_of(sweep, "retriever") == ("bm25", "dense", "hybrid")
    assert values_of(sweep, "chunk_size") == (16, 64)
    assert values_of(sweep, "temperature") == (0.5,)
    assert values_of(sweep, "top_k") == (5,)


def test_a_span_goes_from_the_smallest_to_the_largest(sweep: SweepConfig) -> None:
    assert span_of(sweep, "chunk_size") == Range(16.0, 64.0)
    assert span_of(sweep, "max_context_tokens") == Range(100.0, 100.0)


def test_a_limit_that_some_trial_has_not_is_endless(sweep: SweepConfig) -> None:
    assert largest(sweep, "max_context_tokens") == math.inf
    assert largest(sweep, "chunk_size") == 64.0


def test_shares_are_equal(sweep: SweepConfig) -> None:
    assert share_of(sweep, "retriever", "dense", "hybrid") == pytest.approx(2 / 3)
    assert share_of(sweep, "generator", "none") == 1.0
    assert share_of(sweep, "generator", "extractive") == 0.0


def test_values_are_counted(sweep: SweepConfig) -> None:
    counted = [n_values(sweep, name) for name in ("retriever", "chunk_size", "bm25_k1", "bm25_b", "temperature")]
    assert counted == [3, 49, math.inf, 3, 1]
