"""A worker of a sweep in a process of its own, as the proofs start many and kill some.

Reads jobs, one line of JSON each, and writes one line of JSON for each. A job: home, sweep_id, budget_usd, questions
(texts), params.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
MODEL = "openai:gpt-4o-mini"
PRICES = {"gpt-4o-mini": {"input": 0.15, "cached": 0.075, "output": 0.6}}


class Worker:
    """The other end: starts the process and hands it jobs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
        )

    def start(self, **job: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """What came of the job; never, if the process does not end by the test's own limit."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the worker died"
        found: dict[str, Any] = json.loads(line)
        return found

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *raised: object) -> None:
        self.kill()

    def kill(self) -> None:
        """kill -9"""
        self._process.kill()
        self._process.communicate(timeout=60)


def run(job: Mapping[str, Any]) -> dict[str, Any]:
    """One reading of all questions. `end`: done, or the name of the error that ended it."""
    from conftest import make_params

    from rag_sweeps.calling import open_caller
    from rag_sweeps.errors import RagSweepsError
    from rag_sweeps.protocols import no_progress
    from rag_sweeps.records import Call, ChatRequest, NoReply

    os.environ["RAG_SWEEPS_HOME"] = job["home"]
    caller = open_caller(make_params(**job["params"]), sweep_id=job["sweep_id"], budget_usd=job["budget_usd"])
    calls = [
        Call(ChatRequest(MODEL, "Answer.", text, max_output_tokens=100), "generate", "trial", str(number))
        for number, text in enumerate(job["questions"])
    ]
    failures: dict[int, str] = {}
    n_replies, end = 0, "done"
    try:
        for at, outcome in caller.complete_all(calls, what="", total=len(calls), progress=no_progress):
            if isinstance(outcome, NoReply):
                failures[at] = outcome.reason
            else:
                n_replies += 1
    except RagSweepsError as error:
        end = type(error).__name__
    return {"n_replies": n_replies, "failures": failures, "end": end}


if __name__ == "__main__":
    sys.path.insert(0, str(TESTS))
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
