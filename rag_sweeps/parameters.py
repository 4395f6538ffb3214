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

    generator: Annotated[
        Literal["extractive", "none"], Field(description="Who writes the answers; extractive uses no LLM.")
    ] = "extractive"
    answer_sentences: Annotated[int, Field(ge=1, le=20, description="Sentences an extractive answer may have.")] = 1
    abstain_below: Annotated[
        float,
        Field(ge=-1.0, le=1.0, description="An extractive answer less similar to the question than this is withheld."),
    ] = 0.3
    judge: Annotated[
        Literal["reference", "none"],
        Field(description="Who scores the answers; reference compares with the reference answer, no LLM."),
    ] = "reference"

    quality_metric: Annotated[str, Field(description="What the objective wants more of, e.g. mrr@10.")] = "mrr@10"
    cost_metric: Annotated[
        str, Field(description="What the objective wants less of, e.g. context_tokens_per_question.")
    ] = "context_tokens_per_question"
    cost_weight: Annotated[float, Field(ge=0.0, description="objective = quality - cost_weight * cost.")] = 0.0
    budget_usd: Annotated[
        float | None, Field(ge=0.0, description="Dollars the whole sweep may spend (null: no cap).")
    ] = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="Seed of the search; one seed, one order.")] = 0


NAMES = tuple(field.name for field in fields(TrialParams))
DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(TrialParams) if f.name != "golden_set"}

_LOCATES_DATA = {"golden_set"}
_ONLY_OBJECTIVE = {"quality_metric", "cost_metric", "cost_weight", "budget_usd", "seed"}
_ONLY_DENSE = {
    *("embedding_model", "embedding_backend", "embedding_precision", "embedding_dimensions"),
    *("query_prompt", "document_prompt", "similarity", "index_factory", "index_search"),
}
_ONLY_TRANSFORMER = {
    *("embedding_backend", "embedding_precision", "query_prompt", "document_prompt"),
}
_ONLY_BM25 = {name for name in NAMES if name.startswith("bm25_")}
_ONLY_HYBRID = {"rrf_k", "dense_weight"}
_ONLY_ANSWERS = {"answer_sentences", "abstain_below", "judge"}


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
    if params.generator == "none" and "answer" in params.quality_metric:
        found.append(("quality_metric", f"{params.quality_metric} needs answers; set generator: {{value: extractive}}"))
    if params.judge == "none" and params.generator != "none" and "answer" in params.quality_metric:
        found.append(("quality_metric", f"{params.quality_metric} needs a judge; set judge: {{value: reference}}"))
    return found


def without_effect(values: Mapping[str, Any]) -> set[str]:
    """Names of the parameters that cannot change what a trial measures, given the others.

    Rests on the values that are there, so it serves a search that knows only the swept ones.
    """
    idle = set(_LOCATES_DATA | _ONLY_OBJECTIVE)
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
    if values.get("generator", DEFAULTS["generator"]) == "none":
        idle |= _ONLY_ANSWERS
    return idle


def effective(values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that can change what a trial measures, sorted; two trials that agree on them are one."""
    idle = without_effect(values)
    return {name: values[name] for name in sorted(values) if name not in idle}


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]
