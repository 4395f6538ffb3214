"""Run by the Python that has `sweeps`: a job on standard input -> values of its proposals on standard output."""

import json
import random
import sys
import warnings

import numpy as np
from sweeps import SweepRun, next_run


def search(job, table, seed):
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # what the engine draws from
    runs, values = [], []
    for _ in range(job["n_paid"]):
        run = next_run(job["config"], runs)
        value = table[tuple(run.config[name]["value"] for name in job["axes"])]
        values.append(value)
        runs.append(
            SweepRun(
                config=run.config,
                state="finished",
                summaryMetrics={"objective": value},
                sampledHistory=[{"objective": value}],
            )
        )
    return values


def main():
    warnings.simplefilter("ignore")
    job = json.load(sys.stdin)
    table = {tuple(key): value for key, value in job["table"]}
    json.dump([search(job, table, seed) for seed in job["seeds"]], sys.stdout)


main()
