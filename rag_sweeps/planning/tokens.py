"""Texts and parameters -> tokens of one call, as providers will count them; guesses, and stated as ranges."""

from __future__ import annotations

import os

from rag_sweeps.config import SweepConfig
from rag_sweeps.golden import GoldenSet
from rag_sweeps.planning.ranges import Range
from rag_sweeps.planning.shares import largest, span_of, values_of

CHARS_PER_TOKEN = Range(3.0, 4.8)
"""Prose, over the tokenizers of providers and languages of Europe."""

FILLED = 0.5
"""A chunk may end early, where a sentence does: at least so much of it is text."""

ANSWER_PROMPT = Range(150.0, 450.0)
JUDGE_PROMPT = Range(500.0, 1200.0)
"""The instructions that are shipped, with their schema."""

PASSAGE_FRAME = Range(5.0, 40.0)
"""Number, name and marks around each passage."""

SHORT_ANSWER = 20.0
SHORT_VERDICT = 60.0
SENTENCE = Range(8.0, 60.0)


def tokens_in(n_chars: float) -> Range:
    """Tokens of so many characters."""
    return Range(n_chars / CHARS_PER_TOKEN.high, n_chars / CHARS_PER_TOKEN.low)


def corpus_chars(golden: GoldenSet) -> int:
    return sum(len(document.text) for document in golden.documents)


def chunk_tokens(sweep: SweepConfig) -> Range:
    """Tokens of one chunk. Its size is in tokens of the config's own ruler, or in characters."""
    size = span_of(sweep, "chunk_size")
    in_chars = "chars" in values_of(sweep, "tokenizer")
    factor = Range(1 / CHARS_PER_TOKEN.high if in_chars else 0.85, 1 / CHARS_PER_TOKEN.low if in_chars else 1.3)
    only_chars = values_of(sweep, "tokenizer") == ("chars",)
    return size.times(FILLED * factor.low, factor.high if only_chars or not in_chars else 1.3)


def context_tokens(sweep: SweepConfig, golden: GoldenSet) -> Range:
    """What a trial gives its generator for one question: no more than its limit, and than there is."""
    n_passages = span_of(sweep, "top_k")
    most = min(largest(sweep, "max_context_tokens") * 1.3, tokens_in(corpus_chars(golden)).high * 2)
    return (n_passages * chunk_tokens(sweep)).at_most(most) + n_passages * PASSAGE_FRAME


def question_tokens(golden: GoldenSet) -> Range:
    return tokens_in(_mean([len(question.text) for question in golden.questions]))


def reference_tokens(golden: GoldenSet) -> Range:
    return tokens_in(_mean([len(question.answer or "") for question in golden.questions]))


def answer_tokens(sweep: SweepConfig, *, written: bool) -> Range:
    """Tokens of an answer that a model wrote, or that was quoted."""
    if not written:
        return SENTENCE * span_of(sweep, "answer_sentences")
    return Range(SHORT_ANSWER, span_of(sweep, "max_answer_tokens").high)


def verdict_tokens(sweep: SweepConfig) -> Range:
    return Range(SHORT_VERDICT, span_of(sweep, "max_judge_tokens").high)


def prompt_tokens(sweep: SweepConfig, name: str, shipped: Range) -> Range:
    """Of the instructions; a prompt of the user's own is as long as its file."""
    sizes = [
        tokens_in(os.path.getsize(prompt)) if os.path.isfile(prompt) else shipped for prompt in values_of(sweep, name)
    ]
    return Range(min(size.low for size in sizes), max(size.high for size in sizes))


def _mean(numbers: list[int]) -> float:
    return sum(numbers) / max(len(numbers), 1)


def answer_input(sweep: SweepConfig, golden: GoldenSet) -> Range:
    """Input tokens of one answer."""
    prompt = prompt_tokens(sweep, "answer_prompt", ANSWER_PROMPT)
    return prompt + question_tokens(golden) + context_tokens(sweep, golden)


def judge_input(sweep: SweepConfig, golden: GoldenSet, *, written: Range) -> Range:
    """Input tokens of one verdict: what the generator was given, what it wrote and what was right."""
    prompt = prompt_tokens(sweep, "judge_prompt", JUDGE_PROMPT)
    # A judge may be shown no passages where there is nothing to hold against them.
    context = Range(0.0, context_tokens(sweep, golden).high)
    return prompt + question_tokens(golden) + reference_tokens(golden) + written + context
