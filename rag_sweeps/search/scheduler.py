"""The file that a config's `scheduler: {engine: optuna, source: …, optimizer: make_study}` names."""

from rag_sweeps.search import make_study

__all__ = ["make_study"]
