"""Every setting of a trial: its type, limits, default and meaning, and which ones can matter.

`TrialParams` is the single source for validation, the JSON schema, `--help` of a parameter and the trial id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

PACKAGED_MODEL = "all-MiniLM-L6-v2"

PROVIDERS = ("openai", "anthropic", "compatible")
"""Who can be asked over the network; `openai:<model>` in a config."""

Similarity = Literal["cosine", "dot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialParams:
    """One point of a sweep: every parameter has a value. Hashable; built by `parse_params`."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False)

    golden_set: Annotated[str, Field(min_length=1, description="Folder of the golden set (or artifact:… under W&B).")]

    tokenizer: Annotated[
        str,
        Field(
            min_length=1,
            description="What a token is when chunks are sized: all-MiniLM-L6-v2 (its word pieces), "
            "tiktoken:<encoding>, chars, or the path of a tokenizers JSON file. The same for every embedding model.",
        ),
    ] = PACKAGED_MODEL
    chunker: Annotated[
        Literal["tokens", "recursive", "sentences", "markdown"], Field(description="Where chunks may begin and end.")
    ] = "recursive"
    chunk_size: Annotated[int, Field(ge=8, le=8192, description="Largest chunk, in tokens of `tokenizer`.")] = 256
    chunk_overlap: Annotated[
        float, Field(ge=0.0, le=0.9, description="Share of a chunk that the next one repeats.")
    ] = 0.0

    embedding_model: Annotated[
        str,
        Field(
            min_length=1,
            description="all-MiniLM-L6-v2 (packaged), lsa-<width> (fitted on the corpus), "
            "or any sentence-transformers model by hub name or folder.",
        ),
    ] = PACKAGED_MODEL
    embedding_backend: Annotated[
        Literal["torch", "openvino", "onnx"], Field(description="How sentence-transformers runs the model.")
    ] = "torch"
    embedding_precision: Annotated[
        Literal["f32", "bf16", "f16"], Field(description="Arithmetic of the model's weights.")
    ] = "f32"
    embedding_dimensions: Annotated[
        int | None, Field(ge=1, le=16384, description="Keep only the first so many dimensions (null: all).")
    ] = None
    query_prompt: Annotated[str, Field(description="Put before every question before it is embedded.")] = ""
    document_prompt: Annotated[str, Field(description="Put before every chunk before it is embedded.")] = ""
    similarity: Annotated[
        Similarity, Field(description="cosine normalises the vectors; dot takes them as the model gives them.")
    ] = "cosine"

    retriever: Annotated[
        Literal["bm25", "dense", "hybrid"], Field(description="hybrid fuses the other two by reciprocal rank.")
    ] = "dense"
    index_factory: Annotated[
        str, Field(min_length=1, description="FAISS factory string: Flat, HNSW32, IVF64,Flat, IVF256,PQ32, …")
    ] = "Flat"
    index_search: Annotated[
        str, Field(description="FAISS search settings of an approximate index: nprobe=8, efSearch=64 (empty: its own).")
    ] = ""
    retrieval_depth: Annotated[
        int, Field(ge=20, le=1000, description="Chunks each retriever returns; every cutoff and top_k is read off it.")
    ] = 50
    rrf_k: Annotated[int, Field(ge=0, le=1000, description="The constant of reciprocal rank fusion.")] = 60
    dense_weight: Annotated[
        float, Field(ge=0.0, le=1.0, description="Share of the dense ranking in the fusion; the rest is BM25's.")
    ] = 0.5
    bm25_method: Annotated[
        Literal["lucene", "robertson", "atire", "bm25l", "bm25+"], Field(description="Which BM25 formula (bm25s).")
    ] = "lucene"
    bm25_tokenizer: Annotated[
        Literal["words", "wordpieces"], Field(description="words: runs of word characters; wordpieces: `tokenizer`'s.")
    ] = "words"
    bm25_stemmer: Annotated[
        str, Field(description="none, or a Snowball language such as english (only with bm25_tokenizer words).")
    ] = "english"
    bm25_stopwords: Annotated[Literal["none", "english"], Field(description="Words left out of the BM25 index.")] = (
        "english"
    )
    bm25_k1: Annotated[float, Field(ge=0.0, le=10.0, description="BM25 term frequency saturation.")] = 1.5
    bm25_b: Annotated[float, Field(ge=0.0, le=1.0, description="BM25 length normalisation.")] = 0.75

    relevance_overlap: Annotated[
        float,
        Field(gt=0.0, le=1.0, description="A chunk is relevant when it shares this part of the shorter of the two."),
    ] = 0.5
    top_k: Annotated[int, Field(ge=1, le=1000, description="Passages the generator is given.")] = 5

    max_context_tokens: Annotated[
        int | None,
        Field(ge=1, description="Passages beyond so many tokens of `tokenizer` are left out, last first (null: none)."),
    ] = None

    generator: Annotated[
        str,
        Field(
            min_length=1,
            description="Who writes the answers: extractive (no LLM), openai:<model>, anthropic:<model>, "
            "compatible:<model> (any OpenAI-compatible server at compatible_base_url), or none.",
        ),
    ] = "extractive"
    answer_sentences: Annotated[int, Field(ge=1, le=20, description="Sentences an extractive answer may have.")] = 1
    abstain_below: Annotated[
        float,
        Field(ge=-1.0, le=1.0, description="An extractive answer less similar to the question than this is withheld."),
    ] = 0.3
    answer_prompt: Annotated[
        str, Field(min_length=1, description="A shipped prompt by name and version, or the path of a file of your own.")
    ] = "answer/1"
    max_answer_tokens: Annotated[int, Field(ge=16, le=65536, description="Output tokens an answer may take.")] = 1024
    temperature: Annotated[
        float | None, Field(ge=0.0, le=2.0, description="Of the generator (null: the provider's own).")
    ] = None
    reasoning_effort: Annotated[
        Literal["none", "minimal", "low", "medium", "high"] | None,
        Field(description="Of the generator, where its model reasons (null: the provider's own)."),
    ] = None

    judge: Annotated[
        str,
        Field(
            min_length=1,
            description="Who scores the answers: reference (compares with the reference answer, no LLM), a model as "
            "under generator, a panel of several models with commas between them, or none.",
        ),
    ] = "reference"
    judge_prompt: Annotated[
        str, Field(min_length=1, description="A shipped rubric by name and version, or the path of a file of your own.")
    ] = "judge/1"
    max_judge_tokens: Annotated[int, Field(ge=16, le=65536, description="Output tokens a verdict may take.")] = 1024
    judge_reasoning_effort: Annotated[
        Literal["none", "minimal", "low", "medium", "high"] | None,
        Field(description="Of the judge, where its model reasons (null: the provider's own)."),
    ] = None
    allow_self_judge: Annotated[bool, Field(description="Whether a model may judge its own answers.")] = False

    structured_output: Annotated[
        bool, Field(description="Whether replies are held to a JSON schema by the provider's own means.")
    ] = True
    compatible_base_url: Annotated[
        str, Field(description="Address of the OpenAI-compatible server, e.g. http://localhost:8000/v1.")
    ] = ""
    batch: Annotated[
        bool, Field(description="Use the providers' batch APIs: half the price, and answers within hours.")
    ] = False
    concurrency: Annotated[int, Field(ge=1, le=512, description="Calls in flight to one provider at a time.")] = 8
    requests_per_minute: Annotated[
        int | None, Field(ge=1, description="Limit for each provider (null: as fast as it takes them).")
    ] = None
    tokens_per_minute: Annotated[
        int | None, Field(ge=1, description="Limit for each provider, input and output (null: none).")
    ] = None
    request_timeout_s: Annotated[float, Field(gt=0, le=3600, description="Longest a single call may take.")] = 120.0
    request_attempts: Annotated[int, Field(ge=1, le=20, description="How often a call that fails is made.")] = 5
    prices: Annotated[
        str, Field(description="A YAML file of prices with source and date that go before the packaged ones.")
    ] = ""

    racing: Annotated[
        bool, Field(description="Stop a configuration that is clearly losing before all questions are answered.")
    ] = False
    race_block: Annotated[int, Field(ge=5, le=1000, description="Questions between two looks of a race.")] = 20
    warm_start: Annotated[
        str, Field(description="Earlier sweeps on the same golden set to learn from: ids with commas between, or all.")
    ] = ""

    logged_text: Annotated[
        Literal["full", "digests"],
        Field(description="digests: no text of documents, questions or answers leaves this machine, only digests."),
    ] = "full"
    logged_rows: Annotated[
        int,
        Field(ge=1, description="Rows of a W&B table; of a larger one, those whose id has the smallest digest."),
    ] = 1000
    traced_share: Annotated[
        float, Field(ge=0.0, le=1.0, description="Share of the questions whose calls are traced through Weave.")
    ] = 1.0

    quality_metric: Annotated[str, Field(description="What the objective wants more of, e.g. mrr@10.")] = "mrr@10"
    cost_metric: Annotated[
        str, Field(description="What the objective wants less of, e.g. context_tokens_per_question.")
    ] = "context_tokens_per_question"
    cost_weight: Annotated[float, Field(ge=0.0, description="objective = quality - cost_weight * cost.")] = 0.0
    budget_usd: Annotated[
        float | None, Field(ge=0.0, description="Dollars the whole sweep may spend (null: no cap).")
    ] = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="Seed of the search; one seed, one order.")] = 0


def is_model(name: str) -> bool:
    """Whether a generator, judge or embedding model is one of a provider's: `openai:<model>`."""
    return name.partition(":")[0] in PROVIDERS and ":" in name


def judges_of(judge: str) -> tuple[str, ...]:
    """The members of a panel, in order; one for a single judge."""
    return tuple(part.strip() for part in judge.split(","))


def models_of(values: Mapping[str, Any]) -> set[str]:
    """Every model of a provider that parameters name; a value may be a list of values, as in a sweep."""
    named: set[str] = set()
    for name in ("generator", "judge", "embedding_model"):
        value = values.get(name, "")
        for each in value if isinstance(value, list | tuple) else [value]:
            named |= {model for model in judges_of(str(each)) if is_model(model)}
    return named


NAMES = tuple(field.name for field in fields(TrialParams))
DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(TrialParams) if f.name != "golden_set"}

_LOCATES_DATA = {"golden_set"}
_ONLY_OBJECTIVE = {"quality_metric", "cost_metric", "cost_weight", "budget_usd", "seed"}
_ONLY_CALLING = {
    *("batch", "concurrency", "requests_per_minute", "tokens_per_minute", "request_timeout_s", "request_attempts"),
    *("prices", "allow_self_judge"),
}
_ONLY_SEARCH = {"racing", "race_block", "warm_start"}
_ONLY_LOGGING = {"logged_text", "logged_rows", "traced_share"}
NOT_SEARCHED = frozenset({"budget_usd"} | _ONLY_CALLING)
"""Parameters that change neither a trial, nor the search, nor what is logged: with another value a sweep goes on."""

_ONLY_DENSE = {
    *("embedding_model", "embedding_backend", "embedding_precision", "embedding_dimensions"),
    *("query_prompt", "document_prompt", "similarity", "index_factory", "index_search"),
}
_ONLY_TRANSFORMER = {
    *("embedding_backend", "embedding_precision", "query_prompt", "document_prompt"),
}
_ONLY_BM25 = {name for name in NAMES if name.startswith("bm25_")}
_ONLY_HYBRID = {"rrf_k", "dense_weight"}
_ONLY_EXTRACTIVE = {"answer_sentences", "abstain_below"}
_ONLY_MODEL_ANSWERS = {"answer_prompt", "max_answer_tokens", "temperature", "reasoning_effort"}
_ONLY_MODEL_VERDICTS = {"judge_prompt", "max_judge_tokens", "judge_reasoning_effort"}
_ONLY_ANSWERS = {*_ONLY_EXTRACTIVE, *_ONLY_MODEL_ANSWERS, *_ONLY_MODEL_VERDICTS, "judge", "max_context_tokens"}


@cache
def adapter() -> TypeAdapter[TrialParams]:
    return TypeAdapter(TrialParams)


def parse_params(values: Mapping[str, Any]) -> TrialParams:
    """Validate plain values. Raises pydantic's ValidationError, which `config` turns into located errors."""
    return adapter().validate_python(dict(values))


def value_problem(name: str, value: object) -> str | None:
    """Why no trial could use this value for this parameter, or None."""
    try:
        parse_params({"golden_set": "-", name: value})
    except ValidationError as error:
        return "; ".join(_plain(problem["msg"]) for problem in error.errors())
    return None


def contradictions(params: TrialParams) -> list[tuple[str, str]]:
    """(parameter, what is wrong and the remedy) for values that are fine alone and impossible together."""
    found = []
    if params.top_k > params.retrieval_depth:
        found.append(
            ("top_k", f"{params.top_k} is more than retrieval_depth {params.retrieval_depth}; raise retrieval_depth")
        )
    if params.bm25_tokenizer == "wordpieces" and params.bm25_stemmer != "none" and params.retriever != "dense":
        found.append(("bm25_stemmer", "word pieces cannot be stemmed; set bm25_stemmer: {value: none}"))
    if params.generator == "none" and _needs_answers(params.quality_metric):
        found.append(("quality_metric", f"{params.quality_metric} needs answers; set generator: {{value: extractive}}"))
    if params.judge == "none" and params.generator != "none" and _needs_answers(params.quality_metric):
        found.append(("quality_metric", f"{params.quality_metric} needs a judge; set judge: {{value: reference}}"))
    if params.quality_metric in MODEL_VERDICTS and params.judge == "reference" and params.generator != "none":
        remedy = "set judge: {value: <provider>:<model>}"
        found.append(("quality_metric", f"{params.quality_metric} needs a judging model; {remedy}"))
    if params.generator in judges_of(params.judge) and is_model(params.generator) and not params.allow_self_judge:
        found.append(("judge", f"{params.generator} would judge its own answers; name another, or allow_self_judge"))
    for name, model in (("generator", params.generator), ("embedding_model", params.embedding_model)):
        if model.startswith("compatible:") and not params.compatible_base_url:
            found.append((name, f"{model} has no address; set compatible_base_url: {{value: http://…/v1}}"))
    if "compatible:" in params.judge and not params.compatible_base_url:
        found.append(("judge", f"{params.judge} has no address; set compatible_base_url: {{value: http://…/v1}}"))
    return found


def _needs_answers(metric: str) -> bool:
    return metric in MODEL_VERDICTS or "answer" in metric


MODEL_VERDICTS = ("correctness", "groundedness", "completeness")
"""What a judging model grades, each a metric of its own; `answer_score` is their mean."""


def without_effect(values: Mapping[str, Any]) -> set[str]:
    """Names of the parameters that cannot change what a trial measures, given the others.

    Rests on the values that are there, so it serves a search that knows only the swept ones.
    """
    idle = set(_LOCATES_DATA | _ONLY_OBJECTIVE | _ONLY_CALLING | _ONLY_SEARCH | _ONLY_LOGGING)
    retriever = values.get("retriever", DEFAULTS["retriever"])
    if retriever == "bm25":
        idle |= _ONLY_DENSE
    if retriever == "dense":
        idle |= _ONLY_BM25
    if retriever != "hybrid":
        idle |= _ONLY_HYBRID
    if str(values.get("embedding_model", "")).startswith("lsa-"):
        idle |= _ONLY_TRANSFORMER
    if values.get("index_factory", DEFAULTS["index_factory"]) == "Flat":
        idle.add("index_search")
    generator, judge = (str(values.get(name, DEFAULTS[name])) for name in ("generator", "judge"))
    if generator == "none":
        idle |= _ONLY_ANSWERS
    idle |= _ONLY_EXTRACTIVE if is_model(generator) else _ONLY_MODEL_ANSWERS
    if not is_model(judges_of(judge)[0]):
        idle |= _ONLY_MODEL_VERDICTS
        if not is_model(generator):
            idle |= {"structured_output"}
    if is_model(str(values.get("embedding_model", ""))):
        idle |= _ONLY_TRANSFORMER
    named = (generator, *judges_of(judge), str(values.get("embedding_model", "")))
    if not any(name.startswith("compatible:") for name in named):
        idle |= {"compatible_base_url"}
    return idle


def effective(values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that can change what a trial measures, sorted; two trials that agree on them are one."""
    idle = without_effect(values)
    return {name: values[name] for name in sorted(values) if name not in idle}


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]
