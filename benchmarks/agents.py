"""What an agent costs around a cached trial: `wandb agent` with an empty program, with ours, and our warm agent.

Runs against the loopback server of the tests. The store is filled first, so a trial is only read and sent.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from conftest import sweep_document, write_golden  # noqa: E402
from loopback.server import LoopbackServer  # noqa: E402

EMPTY = "import wandb\nrun = wandb.init()\nrun.log({'objective': 1.0})\nrun.finish()\n"
TIMEOUT_S = 600
TRIALS = 6
MOST_OVERHEAD, LEAST_SPEEDUP = 1.5, 5.0


def main() -> int:
    """Returns 0 when both requirements hold."""
    trials = TRIALS
    with tempfile.TemporaryDirectory() as folder, LoopbackServer() as server:
        work = Path(folder)
        write_golden(work / "golden")
        (work / "empty.py").write_text(EMPTY)
        environment = {
            **os.environ,
            **server.environment(),
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RAG_SWEEPS_HOME": str(work / "home"),
            "WANDB_DIR": str(work),
        }
        ours = document(trials)
        empty = {**ours, "command": ["${env}", "python", "empty.py"]}
        run([sys.executable, "-m", "rag_sweeps", "agent", register(ours, work, environment, server)], work, environment)

        seconds = {}
        for name, config, agent in (
            ("wandb agent, empty program", empty, ["wandb", "agent"]),
            ("wandb agent, cached trial", ours, ["wandb", "agent"]),
            ("rag-sweeps agent, cached trial", ours, [sys.executable, "-m", "rag_sweeps", "agent"]),
        ):
            # Baselines of the sweep are sent beforehand: the question is what one more trial costs.
            path = register(config, work, environment, server)
            if config is ours:
                run([sys.executable, "-m", "rag_sweeps", "agent", path, "--count", "1"], work, environment)
            began = time.perf_counter()
            run([*agent, path], work, environment)
            done = trials - (config is ours)
            seconds[name] = (time.perf_counter() - began) / done
            print(f"{name:32} {seconds[name]:6.2f} s a trial, {60 / seconds[name]:6.1f} trials a minute")
        empty_s, cold_s, warm_s = seconds.values()
        print(f"cached trial against empty program {cold_s / empty_s:.2f}x (at most {MOST_OVERHEAD})")
        print(f"warm agent against wandb agent     {cold_s / warm_s:.1f}x (at least {LEAST_SPEEDUP:.0f})")
        return int(cold_s / empty_s > MOST_OVERHEAD or cold_s / warm_s < LEAST_SPEEDUP)


def document(trials: int) -> dict[str, Any]:
    """A grid of so many cells that loads no model."""
    values = [round(0.1 + 0.05 * at, 2) for at in range(trials)]
    return sweep_document({"retriever": {"value": "bm25"}, "bm25_b": {"values": values}}, method="grid")


def register(config: Mapping[str, Any], work: Path, environment: Mapping[str, str], server: LoopbackServer) -> str:
    before = set(server.sweeps)
    (work / "sweep.yaml").write_text(yaml.safe_dump(dict(config), sort_keys=False))
    run(["wandb", "sweep", "-p", "bench", "sweep.yaml"], work, environment)
    (sweep,) = set(server.sweeps) - before
    return f"team/bench/{sweep}"


def run(command: list[str], work: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=work, env=dict(environment), capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
