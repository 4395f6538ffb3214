"""A judge's prompt file -> Rubric: three verdicts, each with a task and anchored grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag_sweeps.errors import InputError
from rag_sweeps.parameters import MODEL_VERDICTS
from rag_sweeps.prompts.files import PromptFile, read_prompt

_NonEmpty = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One verdict of a rubric. grades: letter -> score, even steps from 1 to 0; anchors: letter -> what it means."""

    name: str
    task: str
    grades: Mapping[str, float]
    anchors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rubric:
    """criteria: by the name of the verdict, all of MODEL_VERDICTS. revision: of the file they were read from."""

    introduction: str
    criteria: Mapping[str, Criterion]
    revision: str


class _Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    task: _NonEmpty
    grades: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,12}$")], _NonEmpty], Field(min_length=2, max_length=12)
    ]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    introduction: _NonEmpty
    verdicts: dict[str, _Verdict]


def read_rubric(name: str) -> Rubric:
    """The rubric a config names under judge_prompt. Raises InputError that names file, place and remedy."""
    return _parsed(read_prompt(name, kind="judge"))


@lru_cache(maxsize=16)
def _parsed(prompt: PromptFile) -> Rubric:
    try:
        read = _File.model_validate(_yaml(prompt))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"judge_prompt: {prompt.name}: {place}: {first['msg']}; mend it, the shipped judge/1 shows the form"
        ) from error
    if sorted(read.verdicts) != sorted(MODEL_VERDICTS):
        raise InputError(f"judge_prompt: {prompt.name}: verdicts has to hold {', '.join(MODEL_VERDICTS)}, and no other")
    return Rubric(
        introduction=read.introduction.strip(),
        criteria={name: _criterion(name, read.verdicts[name], prompt) for name in MODEL_VERDICTS},
        revision=prompt.revision,
    )


def _yaml(prompt: PromptFile) -> Any:
    try:
        return yaml.safe_load(prompt.text)
    except yaml.YAMLError as error:
        raise InputError(f"judge_prompt: {prompt.name} is not YAML: {' '.join(str(error).split())}") from error


def _criterion(name: str, read: _Verdict, prompt: PromptFile) -> Criterion:
    if len({grade.upper() for grade in read.grades}) < len(read.grades):
        raise InputError(f"judge_prompt: {prompt.name}: verdicts.{name}.grades: two grades differ only in case")
    return Criterion(
        name=name,
        task=read.task.strip(),
        grades={grade: 1 - position / (len(read.grades) - 1) for position, grade in enumerate(read.grades)},
        anchors={grade: anchor.strip() for grade, anchor in read.grades.items()},
    )
