"""Per-question scores -> intervals, paired tests, corrections, and what a number of questions can show."""

from rag_sweeps.statistics.intervals import (
    CONFIDENCE,
    RESAMPLES,
    bootstrap_intervals,
    bounded_interval,
    is_share,
    mean_intervals,
)
from rag_sweeps.statistics.one_sided import OneSided, exceeds
from rag_sweeps.statistics.paired import (
    Comparison,
    PairedDifference,
    compared,
    holm,
    paired_difference,
    paired_differences,
)
from rag_sweeps.statistics.power import questions_needed, smallest_detectable_difference
from rag_sweeps.statistics.selection import expected_optimism
from rag_sweeps.statistics.sign_flips import sign_flip_p

__all__ = [
    "CONFIDENCE",
    "RESAMPLES",
    "Comparison",
    "OneSided",
    "PairedDifference",
    "bootstrap_intervals",
    "bounded_interval",
    "compared",
    "exceeds",
    "expected_optimism",
    "holm",
    "is_share",
    "mean_intervals",
    "paired_difference",
    "paired_differences",
    "questions_needed",
    "sign_flip_p",
    "smallest_detectable_difference",
]
