"""One trial in a fresh process -> JSON: seconds of importing, loading and running, and whether torch came in."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("golden", type=Path)
    parser.add_argument("what", choices=["run", "measure"], help="run the trial, or take it from the store")
    arguments = parser.parse_args()
    seconds = {}

    began = time.perf_counter()
    import rag_sweeps  # noqa: F401  # only its cost is of interest

    seconds["import rag_sweeps"] = time.perf_counter() - began
    began = time.perf_counter()
    from rag_sweeps.trial import run_trial

    seconds["import rag_sweeps.trial"] = time.perf_counter() - began
    began = time.perf_counter()
    from rag_sweeps.measuring import measure

    seconds["import rag_sweeps.sweep"] = time.perf_counter() - began
    from rag_sweeps.golden import load_golden
    from rag_sweeps.parameters import TrialParams

    began = time.perf_counter()
    golden = load_golden(arguments.golden)
    seconds["load the golden set"] = time.perf_counter() - began
    params = TrialParams(golden_set=str(arguments.golden))
    began, worked = time.perf_counter(), time.process_time()
    if arguments.what == "run":
        result = run_trial(params, golden)
    else:
        result, _ = measure(params, golden, split="dev", progress=lambda what, done, total: None)
    seconds["the trial"] = time.perf_counter() - began
    seconds["the trial, processor time"] = time.process_time() - worked
    heavy = [
        name for name in ("torch", "transformers", "sentence_transformers", "wandb", "weave") if name in sys.modules
    ]
    json.dump({"seconds": seconds, "stages": dict(result.stage_seconds), "heavy": heavy}, sys.stdout)


if __name__ == "__main__":
    main()
