"""Answers -> verdicts: picks the judge a config names."""

from __future__ import annotations

from rag_sweeps.embedding import packaged_unit_vectors
from rag_sweeps.parameters import TrialParams
from rag_sweeps.protocols import Caller, Judge, Progress
from rag_sweeps.providers.reference import JUDGE_VERSION, ReferenceJudge


def judge_version(params: TrialParams) -> str | None:
    """Names the judge and its version, since both change the numbers; None where nobody judges."""
    return None if params.generator == "none" or params.judge == "none" else JUDGE_VERSION


def open_judge(params: TrialParams, *, caller: Caller | None, trial_id: str, progress: Progress) -> Judge | None:
    """The judge of a trial; None where there are no answers or nobody is to score them."""
    if judge_version(params) is None:
        return None
    return ReferenceJudge(unit_vectors=packaged_unit_vectors(progress))
