"""One sweep, one or several processes: events of all of them in one stream."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.process import BaseProcess
from typing import Any

from rag_sweeps.calling import sweep_caller
from rag_sweeps.config import SweepConfig, load_sweep
from rag_sweeps.errors import EXIT_FAILED, CapReachedError, RagSweepsError, TrialError
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.protocols import Caller, Progress, no_progress
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.sweep import Event, SinkFactory, work
from rag_sweeps.tracking.mode import Mode
from rag_sweeps.tracking.wandb_runs import WandbSink

POLL_SECONDS = 0.5


def run_workers(
    sweep: SweepConfig,
    golden: GoldenSet,
    log: SweepLog,
    mode: Mode,
    *,
    caller: Caller | None,
    workers: int,
    progress: Progress,
) -> Iterator[Event]:
    """Events until the sweep is done. A worker that dies is reported by its trial being taken up by another.

    caller: of a single worker; several open one each. Raises what stopped a worker, and TrialError when all of them
    died. Where one reaches the cap the others still end what they can.
    """
    if workers == 1:
        yield from work(sweep, golden, log, caller=caller, sink_for=_sinks(mode, log, golden), progress=progress)
        return
    context = multiprocessing.get_context("spawn")
    events: Any = context.Queue()
    # Each worker gets its share of the cores, or they only wait for each other.
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    with _environment(OMP_NUM_THREADS=threads, TOKENIZERS_PARALLELISM="true"):
        processes = [
            context.Process(
                target=_worker, args=(sweep.path, golden.folder, log.folder.name, mode, events), daemon=True
            )
            for _ in range(workers)
        ]
        for process in processes:
            process.start()
    try:
        yield from _events_of(processes, events)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(timeout=10)


def _events_of(processes: Sequence[BaseProcess], events: Any) -> Iterator[Event]:
    cap: CapReachedError | None = None
    while True:
        try:
            event = events.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if not any(process.is_alive() for process in processes):
                break
            continue
        if isinstance(event, CapReachedError):
            cap = event
            continue
        if isinstance(event, RagSweepsError):
            raise event
        yield event
    if cap is not None:
        raise cap
    if all(process.exitcode for process in processes):
        codes = ", ".join(str(process.exitcode) for process in processes)
        raise TrialError(f"every worker died (exit codes {codes}); the same command goes on where they stopped")


def _worker(path: Any, golden_dir: Any, sweep_id: str, mode: Mode, events: Any) -> None:
    """The body of one worker process. It ends when its parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sweep, golden, log = load_sweep(path), load_golden(golden_dir), SweepLog(sweep_id)
    try:
        caller = sweep_caller(sweep, sweep_id)
        for event in work(sweep, golden, log, caller=caller, sink_for=_sinks(mode, log, golden), progress=no_progress):
            events.put(_light(event))
    except RagSweepsError as error:
        events.put(type(error)(str(error)))


def _end_with_parent() -> None:
    """Nobody reads the events of a parent that was killed, so a normal exit would wait for ever to deliver them."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker is always a child"
    parent.join()
    os._exit(EXIT_FAILED)


def _light(event: Event) -> Event:
    """Without the questions' texts and passages, which nobody looks at in a stream of events."""
    return event if event.result is None else replace(event, result=replace(event.result, questions=()))


def _sinks(mode: Mode, log: SweepLog, golden: GoldenSet) -> SinkFactory:
    record = log.read_record()
    return lambda trial: WandbSink(mode, record, golden, trial)


class _environment:  # reads as a statement  # noqa: N801
    """Environment variables that child processes inherit, set for a moment."""

    def __init__(self, **values: str) -> None:
        self._values = values

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._values}
        for name, value in self._values.items():
            os.environ.setdefault(name, value)

    def __exit__(self, *_: object) -> None:
        for name, before in self._before.items():
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before
