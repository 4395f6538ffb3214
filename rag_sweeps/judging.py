"""Answers -> verdicts: picks the judge a config names."""

from __future__ import annotations

from collections.abc import Sequence

from rag_sweeps.embedding import packaged_unit_vectors
from rag_sweeps.errors import InputError
from rag_sweeps.parameters import MODEL_VERDICTS, TrialParams, is_model, judges_of
from rag_sweeps.prompts.rubric import read_rubric
from rag_sweeps.protocols import Caller, Judge, Progress
from rag_sweeps.providers.model_judge import ModelJudge
from rag_sweeps.providers.panel import Panel
from rag_sweeps.providers.reference import JUDGE_VERSION, ReferenceJudge
from rag_sweeps.providers.request_settings import request_settings

PROTOCOL_VERSION = 1
"""Raised when the program's own part of a judge's prompt, or how replies are read, changes."""


def judge_version(params: TrialParams) -> str | None:
    """Everything that changes a verdict: models, rubric with its digest, settings. None where nobody judges."""
    if params.generator == "none" or params.judge == "none":
        return None
    members = judges_of(params.judge)
    if members == ("reference",):
        return JUDGE_VERSION
    return "+".join(_member_version(model, params) for model in members)


def open_judge(
    params: TrialParams,
    *,
    caller: Caller | None,
    trial_id: str,
    progress: Progress,
    verdicts: Sequence[str] = MODEL_VERDICTS,
    repeat: int = 0,
) -> Judge | None:
    """The judge of a trial; None where there are no answers or nobody is to score them.

    Models are asked through `caller`, only for `verdicts`; `repeat` draws the same verdicts once more.
    """
    version = judge_version(params)
    if version is None:
        return None
    members = judges_of(params.judge)
    if members == ("reference",):
        return ReferenceJudge(unit_vectors=packaged_unit_vectors(progress))
    if caller is None:
        raise InputError(f"judge: {params.judge} needs calls to its provider; open a caller for the trial")
    judges = [
        ModelJudge(
            model=model,
            rubric=read_rubric(params.judge_prompt),
            version=_member_version(model, params),
            structured=params.structured_output,
            max_output_tokens=params.max_judge_tokens,
            settings=_settings(model, params),
            verdicts=verdicts,
            repeat=repeat,
        )
        for model in members
    ]
    named = list(zip(members, judges, strict=True))
    return Panel(named, version=version, caller=caller, trial_id=trial_id, progress=progress)


def _member_version(model: str, params: TrialParams) -> str:
    if not is_model(model):
        raise InputError(f"judge: {model!r} is no model; a panel has models of providers, such as openai:<model>")
    form = "json" if params.structured_output else "text"
    settings = [f"{name}={value}" for name, value in sorted(_settings(model, params).items())]
    revision = read_rubric(params.judge_prompt).revision
    return ";".join(
        [model, revision, f"protocol={PROTOCOL_VERSION}", form, f"max={params.max_judge_tokens}", *settings]
    )


def _settings(model: str, params: TrialParams) -> dict[str, str | int | float | bool | None]:
    return request_settings(model, base_url=params.compatible_base_url, reasoning_effort=params.judge_reasoning_effort)
