"""Measured configurations -> which one to use, how sure that is, and what the golden set cannot tell."""

from rag_sweeps.decision.deciding import cost_key, decide
from rag_sweeps.decision.front import pareto
from rag_sweeps.decision.values import (
    ALPHA,
    Confirmation,
    Decision,
    Goal,
    Measured,
    Resolution,
    Row,
    TagResult,
)
from rag_sweeps.decision.wording import sentence, statements

__all__ = [
    "ALPHA",
    "Confirmation",
    "Decision",
    "Goal",
    "Measured",
    "Resolution",
    "Row",
    "TagResult",
    "cost_key",
    "decide",
    "pareto",
    "sentence",
    "statements",
]
