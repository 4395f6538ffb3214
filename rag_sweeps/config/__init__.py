"""Sweep YAML -> SweepConfig and TrialParams; everything wrong with a file is found, located and given a remedy."""

from rag_sweeps.config.golden_path import find_golden_dir
from rag_sweeps.config.json_schema import sweep_schema
from rag_sweeps.config.models import missing_keys
from rag_sweeps.config.objectives import COST_METRICS, METRICS, OBJECTIVE, QUALITY_METRICS, Objective
from rag_sweeps.config.problems import ConfigError, Problem
from rag_sweeps.config.sweep_config import SweepConfig, load_sweep
from rag_sweeps.config.values import find_fault

__all__ = [
    "COST_METRICS",
    "METRICS",
    "OBJECTIVE",
    "QUALITY_METRICS",
    "ConfigError",
    "Objective",
    "Problem",
    "SweepConfig",
    "find_fault",
    "find_golden_dir",
    "load_sweep",
    "missing_keys",
    "sweep_schema",
]
