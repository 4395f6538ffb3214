"""Sweep YAML -> SweepConfig and TrialParams; everything wrong with a file is found, located and given a remedy."""

from rag_sweeps.config.json_schema import sweep_schema
from rag_sweeps.config.objectives import COST_METRICS, METRICS, OBJECTIVE, QUALITY_METRICS, Objective
from rag_sweeps.config.problems import ConfigError, Problem
from rag_sweeps.config.sweep_config import SweepConfig, load_sweep

__all__ = [
    "COST_METRICS",
    "METRICS",
    "OBJECTIVE",
    "QUALITY_METRICS",
    "ConfigError",
    "Objective",
    "Problem",
    "SweepConfig",
    "load_sweep",
    "sweep_schema",
]
