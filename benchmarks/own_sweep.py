"""The sweep of `cells` by rag_sweeps: the same 48 configurations through `measure`, results kept in the store."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from itertools import product
from pathlib import Path

from rag_sweeps.golden import load_golden
from rag_sweeps.measuring import measure
from rag_sweeps.parameters import TrialParams

SIZES, OVERLAPS, TOP_KS = (100, 200, 400), (0.0, 0.25), (1, 3, 5, 10)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("golden", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("precision", choices=["f32", "bf16"])
    arguments = parser.parse_args()
    golden = load_golden(arguments.golden)
    cells: dict[str, dict[str, float]] = {}
    seconds: Counter[str] = Counter()
    for size, overlap, retriever, top_k in product(SIZES, OVERLAPS, ("dense", "bm25"), TOP_KS):
        params = TrialParams(
            golden_set=str(arguments.golden),
            chunker="tokens",
            chunk_size=size,
            chunk_overlap=overlap,
            retriever=retriever,
            top_k=top_k,
            generator="none",
            embedding_precision=arguments.precision,
        )
        began = time.perf_counter()
        result, stored = measure(params, golden, split="dev", progress=lambda what, done, total: None)
        whole = time.perf_counter() - began
        if stored:
            seconds["reading results"] += whole
        else:
            seconds.update(result.stage_seconds)
            seconds["the rest of a trial"] += whole - sum(result.stage_seconds.values())
        cells[f"{size} {overlap} {retriever} {top_k}"] = {
            "mrr": result.metrics["mrr@top_k"].mean,
            "hit_rate": result.metrics["hit_rate@top_k"].mean,
        }
    arguments.out.write_text(json.dumps({"cells": cells, "seconds": dict(seconds)}), encoding="utf-8")


if __name__ == "__main__":
    main()
