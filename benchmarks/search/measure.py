"""A golden set and the axes of a space -> one measured grid, through the package's own chunking, retrieval and metrics.

`python -m benchmarks.search.measure` writes `grids/*.json` again (about eight minutes of embedding the first time).
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.evaluation_data import ROOT, DataMissingError, as_golden_set, read_chroma
from rag_sweeps.chunking import chunk_documents, chunk_texts
from rag_sweeps.golden import GoldenSet, evidence_table, load_golden
from rag_sweeps.metrics import score_retrieval
from rag_sweeps.parameters import parse_params
from rag_sweeps.protocols import no_progress
from rag_sweeps.records import CUTOFFS
from rag_sweeps.relevance import context_tokens, match
from rag_sweeps.retrieval import retrieve
from rag_sweeps.store.files import canonical_json, write_bytes_atomic

GRIDS = Path(__file__).resolve().parent / "grids"
CHROMA_CORPORA = ("chatlogs", "state_of_the_union", "wikitexts")
CHROMA_AXES: dict[str, list[Any]] = {
    "chunker": ["recursive", "sentences"],
    "chunk_size": [64, 128, 256, 384],
    "chunk_overlap": [0.0, 0.25],
    "embedding_model": ["lsa-64", "lsa-128", "lsa-256", "all-MiniLM-L6-v2"],
    "retriever": ["bm25", "dense", "hybrid"],
    "dense_weight": [0.3, 0.5, 0.7],
    "top_k": list(range(1, 11)),
}
IN_ONE_RETRIEVAL = "top_k"


def handbook_axes() -> dict[str, list[Any]]:
    """The axes that the shipped quickstart config sweeps."""
    parameters = yaml.safe_load((ROOT / "configs" / "quickstart.yaml").read_text(encoding="utf-8"))["parameters"]
    axes = {}
    for name, spec in parameters.items():
        if "values" in spec:
            axes[name] = spec["values"]
        elif "min" in spec:
            axes[name] = list(range(spec["min"], spec["max"] + 1))
    return axes


def measure_grid(golden: GoldenSet, axes: Mapping[str, Sequence[Any]]) -> dict[str, list[float]]:
    """recall@top_k and context tokens of every combination, in the order of itertools.product; one retrieval serves
    every top_k."""
    outer = [name for name in axes if name != IN_ONE_RETRIEVAL]
    assert list(axes)[-1] == IN_ONE_RETRIEVAL, "top_k varies fastest"
    questions = golden.split("dev")
    texts, evidence = [question.text for question in questions], evidence_table(questions)
    cutoffs = {str(k): k for k in axes[IN_ONE_RETRIEVAL]}
    known: dict[str, list[tuple[float, float]]] = {}
    rows: list[tuple[float, float]] = []
    combinations = list(itertools.product(*(axes[name] for name in outer)))
    for done, values in enumerate(combinations):
        chosen = dict(zip(outer, values, strict=True))
        params = parse_params({"golden_set": "-", "embedding_precision": "bf16", **chosen})
        key = canonical_json({name: value for name, value in chosen.items() if name not in _idle(chosen)})
        if key not in known:
            chunks = chunk_documents(
                golden.documents,
                chunker=params.chunker,
                chunk_size=params.chunk_size,
                chunk_overlap=params.chunk_overlap,
                tokenizer=params.tokenizer,
            )
            found = retrieve(params, golden, chunk_texts(chunks, golden.documents), texts, progress=no_progress)
            matches = match(
                found.ranking,
                chunks,
                evidence,
                overlap=params.relevance_overlap,
                cutoffs=tuple(sorted({*CUTOFFS, *cutoffs.values()})),
            )
            scores = score_retrieval(matches, cutoffs)
            # A question without evidence has no recall, and the objective leaves it out with its tokens.
            counted = np.isfinite(scores[f"recall@{axes[IN_ONE_RETRIEVAL][0]}"])
            known[key] = [
                (
                    float(scores[f"recall@{k}"][counted].mean()),
                    float(context_tokens(found.ranking, chunks, k)[counted].mean()),
                )
                for k in cutoffs.values()
            ]
            print(f"\r{done + 1} of {len(combinations)}", end="", file=sys.stderr, flush=True)
        rows += known[key]
    return {
        "recall@top_k": [round(recall, 5) for recall, _ in rows],
        "context_tokens_per_question": [round(tokens, 2) for _, tokens in rows],
    }


def _idle(chosen: Mapping[str, Any]) -> set[str]:
    idle = set()
    if chosen["retriever"] == "bm25":
        idle.add("embedding_model")
    if chosen["retriever"] != "hybrid":
        idle.add("dense_weight")
    return idle


def write_grid(name: str, golden: GoldenSet, axes: Mapping[str, Sequence[Any]]) -> None:
    began = time.perf_counter()
    measured = {"golden_digest": golden.digest, "axes": dict(axes), **measure_grid(golden, axes)}
    write_bytes_atomic(GRIDS / f"{name}.json", (json.dumps(measured, separators=(",", ":")) + "\n").encode())
    print(f"\r{name}: {len(measured['recall@top_k'])} combinations in {time.perf_counter() - began:.0f} s")


def main(names: Sequence[str]) -> None:
    if "handbook" in names:
        write_grid("handbook", load_golden(ROOT / "golden_sets" / "handbook"), handbook_axes())
    if "chroma" in names:
        try:
            data = read_chroma(CHROMA_CORPORA)
        except DataMissingError as error:
            print(error)
            return
        with tempfile.TemporaryDirectory() as folder:
            write_grid("chroma", as_golden_set(data, Path(folder) / "golden"), CHROMA_AXES)


if __name__ == "__main__":
    main(sys.argv[1:] or ["handbook", "chroma"])
