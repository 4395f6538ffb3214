"""Judged scores + a labelled sample -> the mean that people would have given, with its interval."""

from __future__ import annotations

import numpy as np

from rag_sweeps.judge_check.estimates import UNDEFINED, Estimate, Z, variance_of_mean
from rag_sweeps.records import Floats


def correct_mean(judged: Floats, judge_of_labelled: Floats, human_of_labelled: Floats, *, step: float) -> Estimate:
    """Prediction-powered mean (Angelopoulos et al. 2023): mean(judged) + mean(human - judge) over the labelled answers.

    For grades of 0 and 1 it agrees with Rogan and Gladen's correction (1978) where the base rates agree. Rests on
    labelled answers that are of the same kind as the judged ones. The variance is that of both means together, the
    second counted with one more error of a `step`. n: judged answers; NaN marks what was not scored.
    """
    judged = judged[~np.isnan(judged)]
    errors = human_of_labelled - judge_of_labelled
    errors = errors[~np.isnan(errors)]
    if not len(judged) or not len(errors):
        return UNDEFINED
    value = float(judged.mean() + errors.mean())
    variance = variance_of_mean(judged, step=0.0) + variance_of_mean(errors, step=step)
    half = Z * float(np.sqrt(variance))
    return Estimate(value, value - half, value + half, len(judged))
