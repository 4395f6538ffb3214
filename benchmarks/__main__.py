"""`python -m benchmarks [NAME ...]` -> runs benchmarks one after another; without a name, lists them and runs all."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = {
    "published": "XQuAD as MTEB scores it, and six rows of Chroma's chunking report, beside our numbers",
    "cells": "a sweep of 48 configurations beside a plain script that does the same",
    "scoring": "20,000 questions x 100 ranks beside pytrec_eval and ranx",
    "resources": "seconds and memory of the quickstart sweep, first and second time",
    "calling": "calls a second to a provider that takes 200 ms, 64 at once; memory over 20,000 calls",
    "racing": "judged answers that racing saves in simulated sweeps, and how often it loses the best",
    "agents": "a cached trial under wandb agent, and under the warm agent",
    "search": "replayed searches on measured grids: ours beside random, grid, Optuna's and W&B's",
    "startup": "seconds of the command line and of a trial that is cached",
}


def main(names: list[str]) -> int:
    """Returns 0 when every binding requirement of every benchmark holds."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    if not names:
        for name, purpose in BENCHMARKS.items():
            print(f"{name:10}  {purpose}")
        print()
    codes = [importlib.import_module(f"benchmarks.{name}").main() for name in names or BENCHMARKS]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
