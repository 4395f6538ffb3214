"""Parameters + history -> the next parameters: one Optuna study for local sweeps and for W&B's scheduler."""

from rag_sweeps.search.baselines import baseline_proposals
from rag_sweeps.search.earlier import EarlierTrial, add_earlier
from rag_sweeps.search.sampler import is_exhausted
from rag_sweeps.search.server import repeats_on_server
from rag_sweeps.search.space import SearchSpace
from rag_sweeps.search.study import make_study, space_of

__all__ = [
    "EarlierTrial",
    "SearchSpace",
    "add_earlier",
    "baseline_proposals",
    "is_exhausted",
    "make_study",
    "repeats_on_server",
    "space_of",
]
