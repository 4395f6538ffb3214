"""Trials -> the calls of each model for each purpose, what they take and what they cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rag_sweeps.golden import GoldenSet
from rag_sweeps.parameters import is_model, judges_of
from rag_sweeps.planning import tokens
from rag_sweeps.planning.ranges import ZERO, Line, Range, exactly
from rag_sweeps.planning.shares import n_values, span_of, values_of
from rag_sweeps.planning.trials import Trials
from rag_sweeps.prices import Prices
from rag_sweeps.records import Purpose, Usage

TEXTS_PER_CALL = 256
"""Texts of one call of an embedding API, at the most."""

DENSE = ("dense", "hybrid")
_DECIDE_CHUNKS = ("tokenizer", "chunker", "chunk_size", "chunk_overlap", "document_prompt")

CountKept = Callable[[str], int | None]
"""Model -> what the store holds of it, replies or vectors; None where nobody can say."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every line is made from."""

    trials: Trials
    golden: GoldenSet
    prices: Prices
    count_replies: CountKept
    count_vectors: CountKept

    @property
    def is_batch(self) -> bool:
        return values_of(self.trials.sweep, "batch") == (True,)


def embedding_lines(work: Work) -> Iterator[Line]:
    """The corpus once for each way of cutting it, the questions once."""
    sweep, chars = work.trials.sweep, tokens.corpus_chars(work.golden)
    overlap = span_of(sweep, "chunk_overlap")
    stretched = Range(1 / (1 - overlap.low), 1 / (1 - overlap.high))
    once = tokens.tokens_in(chars) * stretched
    per_chunk = tokens.chunk_tokens(sweep)
    n_chunks = Range(once.low / per_chunk.high, once.high / per_chunk.low)
    for model in dict.fromkeys(values_of(sweep, "embedding_model")):
        runs = work.trials.runs({"embedding_model": (model,), "retriever": DENSE}).high
        if not runs:
            continue
        cuts = _distinct(math.prod(n_values(sweep, name) for name in _DECIDE_CHUNKS), runs)
        asked = Range(work.trials.n_dev, work.trials.n_dev + work.trials.n_test)
        n_texts = cuts * n_chunks + asked
        kept = work.count_vectors(model)
        left = 1 - min((kept or 0) / n_texts.low, 1.0)
        count = (cuts * once + asked * tokens.question_tokens(work.golden)).times(left, 1.0)
        calls = Range(n_texts.low * left / TEXTS_PER_CALL, n_texts.high / TEXTS_PER_CALL + 2 * cuts.high)
        yield Line(_provider(model), "embed", (model,), calls.whole(), count, _embedding_usd(work, model, count), kept)


def answer_lines(work: Work) -> Iterator[Line]:
    """One call for each question of each trial."""
    sweep = work.trials.sweep
    for generator in dict.fromkeys(values_of(sweep, "generator")):
        questions = work.trials.questions({"generator": (generator,)})
        if generator == "none" or not questions.high:
            continue
        if not is_model(generator):
            yield Line("local", "generate", (generator,), questions, ZERO, ZERO)
            continue
        given, written = tokens.answer_input(sweep, work.golden), tokens.answer_tokens(sweep, written=True)
        yield _asked(work, generator, "generate", questions, given, written)


def judge_lines(work: Work) -> Iterator[Line]:
    """One verdict for each answer, and for each member of a panel."""
    sweep = work.trials.sweep
    judge = str(values_of(sweep, "judge")[0])
    generators = tuple(dict.fromkeys(name for name in values_of(sweep, "generator") if name != "none"))
    questions = work.trials.questions({"generator": generators})
    if judge == "none" or not questions.high:
        return
    kinds = [tokens.answer_tokens(sweep, written=is_model(generator)) for generator in generators]
    written = Range(min(kind.low for kind in kinds), max(kind.high for kind in kinds))
    for member in judges_of(judge):
        if not is_model(member):
            yield Line("local", "judge", (member,), questions, ZERO, ZERO)
            continue
        given = tokens.judge_input(sweep, work.golden, written=written)
        yield _asked(work, member, "judge", questions, given, tokens.verdict_tokens(sweep))


def _asked(work: Work, model: str, purpose: Purpose, questions: Range, given: Range, written: Range) -> Line:
    """Calls of a chat model; given and written: tokens of one call."""
    work.prices.check_chat(model)
    kept = work.count_replies(model)
    calls = questions.whole()
    calls = Range(max(calls.low - (kept or 0), 0.0), calls.high)
    provider, _, name = model.partition(":")
    one = Usage(provider, name, purpose, 0, batch=work.is_batch and provider != "compatible")
    usd = Range(
        work.prices.usd(replace(one, input_tokens=math.floor(given.low), output_tokens=math.floor(written.low))),
        work.prices.usd(replace(one, input_tokens=math.ceil(given.high), output_tokens=math.ceil(written.high))),
    )
    return Line(provider, purpose, (model,), calls, calls * (given + written), calls * usd, kept)


def _embedding_usd(work: Work, model: str, count: Range) -> Range:
    if not is_model(model):
        return ZERO
    work.prices.check(model)
    provider, _, name = model.partition(":")
    # A million tokens in calls that are far below any tier of a long context.
    per_token = work.prices.usd(Usage(provider, name, "embed", 1000)) / 1000
    return count.times(per_token)


def _distinct(n_cuts: float, runs: float) -> Range:
    """Ways of cutting the corpus that so many trials meet: on average where they are drawn, at most all of them."""
    most = min(n_cuts, math.ceil(runs))
    if n_cuts == math.inf:
        return exactly(most)
    drawn = n_cuts * (1 - (1 - 1 / n_cuts) ** runs)
    return Range(max(1.0, math.floor(drawn)), most)


def _provider(model: str) -> str:
    return model.partition(":")[0] if is_model(model) else "local"
