"""Golden sets: a folder of documents and questions -> verified records, a digest, a seal."""

from rag_sweeps.golden.loading import GoldenReport, GoldenSet, load_golden
from rag_sweeps.golden.placing import Anchored, Moved
from rag_sweeps.golden.problems import GoldenError, Problem
from rag_sweeps.golden.sealing import Sealed, seal_golden
from rag_sweeps.golden.table import evidence_table

__all__ = [
    "Anchored",
    "GoldenError",
    "GoldenReport",
    "GoldenSet",
    "Moved",
    "Problem",
    "Sealed",
    "evidence_table",
    "load_golden",
    "seal_golden",
]
