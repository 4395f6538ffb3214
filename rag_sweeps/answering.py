"""Questions + passages -> answers: picks the generator a config names, and what fits into its context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag_sweeps.embedding import packaged_unit_vectors
from rag_sweeps.errors import InputError
from rag_sweeps.parameters import TrialParams, is_model
from rag_sweeps.prompts.files import prompt_revision, read_prompt
from rag_sweeps.protocols import Caller, Generator, Progress
from rag_sweeps.providers.extractive import ExtractiveGenerator
from rag_sweeps.providers.model_generator import ModelGenerator
from rag_sweeps.providers.request_settings import request_settings
from rag_sweeps.records import Answer, Passage, Question
from rag_sweeps.tokenization import tokenize

__all__ = ["fit_context", "open_generator", "prompt_revision"]


def open_generator(
    params: TrialParams, *, caller: Caller | None, trial_id: str, progress: Progress
) -> Generator | None:
    """The generator of a trial; None where only retrieval is measured. A model is asked through `caller`."""
    if params.generator == "none":
        return None
    if is_model(params.generator):
        model = _model_generator(params, caller, trial_id, progress)
        return FittedGenerator(model, limit=params.max_context_tokens, tokenizer=params.tokenizer)
    extractive = ExtractiveGenerator(
        n_sentences=params.answer_sentences,
        abstain_below=params.abstain_below,
        unit_vectors=packaged_unit_vectors(progress),
    )
    if params.max_context_tokens is None:
        return extractive
    return FittedGenerator(extractive, limit=params.max_context_tokens, tokenizer=params.tokenizer)


@dataclass(frozen=True, slots=True)
class Context:
    """The passages a generator is given, in rank order; tokens: of all of them."""

    passages: tuple[Passage, ...]
    n_cut_passages: int
    tokens: int


def fit_context(passages: Sequence[Passage], limit: int | None, tokenizer: str) -> Context:
    """The longest head of a ranking that has at most `limit` tokens; passages stay whole, and none is skipped."""
    tokens = 0
    for n_kept, passage in enumerate(passages):
        more = _count_tokens(passage.text, tokenizer)
        if limit is not None and tokens + more > limit:
            return Context(tuple(passages[:n_kept]), len(passages) - n_kept, tokens)
        tokens += more
    return Context(tuple(passages), 0, tokens)


class FittedGenerator:
    """Gives a generator what fits into its context, and notes in each answer what was left out."""

    def __init__(self, generator: Generator, *, limit: int | None, tokenizer: str) -> None:
        self._generator, self._limit, self._tokenizer = generator, limit, tokenizer

    def answer(self, questions: Sequence[Question], passages: Sequence[Sequence[Passage]]) -> list[Answer]:
        contexts = [fit_context(given, self._limit, self._tokenizer) for given in passages]
        answers = self._generator.answer(questions, [context.passages for context in contexts])
        return [
            replace(answer, n_cut_passages=context.n_cut_passages, context_tokens=context.tokens)
            for answer, context in zip(answers, contexts, strict=True)
        ]


def _model_generator(params: TrialParams, caller: Caller | None, trial_id: str, progress: Progress) -> ModelGenerator:
    if caller is None:
        raise InputError(f"generator: {params.generator} needs calls to its provider; open a caller for the trial")
    return ModelGenerator(
        model=params.generator,
        instructions=read_prompt(params.answer_prompt, kind="answer").text,
        structured=params.structured_output,
        max_output_tokens=params.max_answer_tokens,
        settings=request_settings(
            params.generator,
            base_url=params.compatible_base_url,
            temperature=params.temperature,
            reasoning_effort=params.reasoning_effort,
        ),
        caller=caller,
        trial_id=trial_id,
        progress=progress,
    )


@lru_cache(maxsize=65_536)
def _count_tokens(text: str, tokenizer: str) -> int:
    return tokenize(text, tokenizer).total
