"""A sweep runs what is missing and nothing twice, whatever happened to the process before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import DOCUMENTS, Cli, wait_until, write_golden

import rag_sweeps.measuring
import rag_sweeps.outcome
import rag_sweeps.sweep
from rag_sweeps.config import SweepConfig, load_sweep
from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.outcome import confirm, measured_trials, read_outcome
from rag_sweeps.proposing import n_measured
from rag_sweeps.records import TrialResult
from rag_sweeps.search import space_of
from rag_sweeps.store.sweeps import Asked, SweepLog, find_sweep
from rag_sweeps.sweep import Event, SweepStoppedError, begin, work

SWEPT = {
    "retriever": {"values": ["bm25", "dense", "hybrid"]},
    "chunk_size": {"min": 16, "max": 64},
    "bm25_b": {"min": 0.1, "max": 0.9},
}
LEXICAL = {"retriever": {"value": "bm25"}, "bm25_b": {"min": 0.1, "max": 0.9}, "chunk_size": {"min": 16, "max": 64}}

MOSTLY_GOOD = {
    "retriever": {"value": "dense"},
    "index_factory": {"values": ["Flat", "HNSW4", "IVF4096,Flat"]},
    "chunk_size": {"min": 16, "max": 64},
}
"""A third of these trials fails: no corpus of this size trains 4,096 lists."""


class Sink:
    """Remembers what it was given."""

    def __init__(self, problem: str | None = None) -> None:
        self.results: list[TrialResult] = []
        self._problem = problem

    def write(self, result: TrialResult) -> None:
        self.results.append(result)
        if self._problem:
            raise TrialError(self._problem)


class Sweep:
    """A config on the tiny golden set, run in this process."""

    def __init__(self, path: Path, golden: GoldenSet) -> None:
        self.config: SweepConfig = load_sweep(path)
        self.golden = golden

    def begin(self, count: int) -> SweepLog:
        return begin(self.config, self.golden, count=count, mode="test", created="now")

    def run(self, count: int, *, sink: Sink | None = None) -> list[Event]:
        """The events that end a trial."""
        log = self.begin(count)
        sink = sink or Sink()
        events = work(self.config, self.golden, log, sink_for=lambda trial: sink, progress=lambda *told: None)
        return [event for event in events if event.trial.state != "waiting"]

    @property
    def log(self) -> SweepLog:
        return find_sweep(None)

    @property
    def trials(self) -> list[Asked]:
        return self.log.trials()


@pytest.fixture
def sweep(write_config: Callable[..., Path], golden: GoldenSet) -> Callable[..., Sweep]:
    return lambda parameters, **top_level: Sweep(write_config(parameters, **top_level), golden)


def searched(trials: list[Asked]) -> list[Asked]:
    return [trial for trial in trials if trial.baseline is None]


def test_a_sweep_measures_the_baselines_first_and_then_as_many_as_wanted(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(SWEPT)
    events = tiny.run(4)
    assert [event.trial.baseline for event in events] == ["default", "bm25", None, None, None, None]
    assert all(event.trial.state == "finished" and event.result is not None for event in events)
    assert n_measured(tiny.trials) == 4
    assert len({trial.trial_id for trial in tiny.trials}) == 6
    assert [entry.number for entry in measured_trials(tiny.log)] == list(range(6))


def test_the_same_command_again_adds_nothing(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(SWEPT)
    tiny.run(3)
    before = (tiny.log.folder / "log.jsonl").read_bytes()
    assert tiny.run(3) == []
    assert (tiny.log.folder / "log.jsonl").read_bytes() == before


def test_a_larger_count_adds_the_difference(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(SWEPT)
    tiny.run(2)
    assert len(tiny.run(5)) == 3
    assert n_measured(tiny.trials) == 5
    assert tiny.run(4) == []


def test_a_sweep_in_two_parts_is_the_sweep_in_one(
    sweep: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = sweep(SWEPT, method="bayes")
    whole.run(10)
    expected = [trial.proposal for trial in whole.trials]
    monkeypatch.setenv("RAG_SWEEPS_HOME", str(tmp_path / "second"))
    parts = sweep(SWEPT, method="bayes")
    for count in (2, 3, 10):
        parts.run(count)
    assert [trial.proposal for trial in parts.trials] == expected


def test_no_trial_is_proposed_twice(sweep: Callable[..., Sweep]) -> None:
    parameters = {"retriever": {"values": ["bm25", "dense"]}, "embedding_model": {"values": ["lsa-4", "lsa-8"]}}
    tiny = sweep({**parameters, "chunk_size": {"values": [16, 32]}}, method="bayes")
    tiny.run(50)
    assert len({trial.trial_id for trial in tiny.trials}) == len(tiny.trials) == 6


def test_a_space_of_fewer_points_than_wanted_ends(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep({"retriever": {"value": "bm25"}, "chunk_size": {"values": [16, 32, 64]}}, method="grid")
    tiny.run(50)
    assert sorted(trial.proposal["chunk_size"] for trial in tiny.trials) == [16, 32, 64]


def test_a_config_without_a_swept_parameter_is_one_configuration(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep({"retriever": {"value": "dense"}})
    tiny.run(5)
    assert len({trial.trial_id for trial in tiny.trials}) == len(tiny.trials)


def test_a_range_with_steps_is_searched_completely(sweep: Callable[..., Sweep]) -> None:
    spec = {"min": 0.0, "max": 0.3, "q": 0.1, "distribution": "q_uniform"}
    tiny = sweep({"retriever": {"value": "bm25"}, "chunk_overlap": spec}, method="grid")
    tiny.run(12)
    assert len(tiny.trials) == 4


def test_every_result_goes_to_the_sink_with_its_objective(sweep: Callable[..., Sweep]) -> None:
    sink = Sink()
    sweep(SWEPT).run(2, sink=sink)
    assert len(sink.results) == 4
    assert all("objective" in result.metrics for result in sink.results)


def test_a_sink_that_fails_is_told_and_loses_nothing(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(SWEPT)
    events = tiny.run(1, sink=Sink("no W&B today"))
    assert [event.sink_problem for event in events] == ["no W&B today"] * 3
    assert all(trial.state == "finished" for trial in tiny.trials)
    assert len(measured_trials(tiny.log)) == 3


def test_a_result_that_is_there_is_served_and_told(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(SWEPT)
    assert not any(event.from_store for event in tiny.run(2))
    (tiny.log.folder / "log.jsonl").unlink()
    assert all(event.from_store for event in tiny.run(2))


def test_a_failed_trial_is_logged_with_its_reason_and_the_sweep_goes_on(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(MOSTLY_GOOD, method="grid")
    tiny.run(6)
    failed = [trial for trial in tiny.trials if trial.state == "failed"]
    assert n_measured(tiny.trials) == 6
    assert failed
    for trial in failed:
        assert trial.proposal["index_factory"] == "IVF4096,Flat"
        assert "IVF4096" in (trial.reason or "")
    assert not list(tiny.log.folder.glob("*.traceback.txt"))


def test_a_sweep_that_is_complete_does_not_try_its_failures_again(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(MOSTLY_GOOD, method="grid")
    tiny.run(6)
    before = [trial.state for trial in tiny.trials]
    assert tiny.run(6) == []
    assert [trial.state for trial in tiny.trials] == before


def test_a_space_that_mostly_fails_ends(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep(
        {
            "retriever": {"value": "dense"},
            "index_factory": {"values": ["IVF4096,Flat", "IVF5000,Flat"]},
            "chunk_size": {"min": 16, "max": 64},
        }
    )
    tiny.run(5)
    assert sum(trial.state == "failed" for trial in searched(tiny.trials)) == 5


def test_three_failures_at_the_start_stop_the_sweep_with_the_reason(
    sweep: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = sweep(SWEPT)

    def fail(*_: Any, **__: Any) -> TrialResult:
        raise TrialError("the model is gone")

    with monkeypatch.context() as patched:
        patched.setattr(rag_sweeps.measuring, "run_trial", fail)
        with pytest.raises(SweepStoppedError, match=r"first 3 trials all failed.*the model is gone"):
            tiny.run(6)
    assert [trial.state for trial in tiny.trials] == ["failed"] * 3
    assert SweepStoppedError.exit_code == 1
    tiny.run(6)
    assert [trial.state for trial in tiny.trials] == ["finished"] * 8


def test_an_unexpected_error_fails_the_trial_and_keeps_its_traceback(
    sweep: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny, run = sweep(SWEPT), rag_sweeps.measuring.run_trial

    def fail_on_dense(params: Any, *args: Any, **more: Any) -> TrialResult:
        if params.retriever == "dense":
            raise ZeroDivisionError("of all things")
        return run(params, *args, **more)

    monkeypatch.setattr(rag_sweeps.measuring, "run_trial", fail_on_dense)
    tiny.run(3)
    failed = next(trial for trial in tiny.trials if trial.state == "failed")
    path = tiny.log.folder / f"trial-{failed.number}.traceback.txt"
    assert failed.reason == f"unexpected ZeroDivisionError: of all things (traceback in {path})"
    assert "fail_on_dense" in path.read_text()
    assert n_measured(tiny.trials) == 3


def test_something_to_mend_stops_the_sweep_and_fails_no_trial(
    sweep: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = sweep(SWEPT)

    def refuse(*_: Any, **__: Any) -> TrialResult:
        raise InputError("no price")

    with monkeypatch.context() as patched:
        patched.setattr(rag_sweeps.measuring, "run_trial", refuse)
        with pytest.raises(InputError, match="no price"):
            tiny.run(2)
    assert [trial.state for trial in tiny.trials] == ["waiting"]
    tiny.run(2)
    assert [trial.state for trial in tiny.trials] == ["finished"] * 4


def test_an_objective_that_no_question_defines_fails_the_trial(
    write_config: Callable[..., Path], tmp_path: Path
) -> None:
    golden = load_golden(write_golden(tmp_path / "golden", only=["dog", "phone"]))
    tiny = Sweep(write_config(SWEPT), golden)
    with pytest.raises(SweepStoppedError, match="objective is not defined on any dev question"):
        tiny.run(2)


def test_two_objectives_are_kept_in_order(sweep: Callable[..., Sweep]) -> None:
    metrics = [{"name": "mrr@10", "goal": "maximize"}, {"name": "n_chunks", "goal": "minimize"}]
    tiny = sweep(SWEPT, metric=None, metrics=metrics)
    tiny.run(2)
    for trial, entry in zip(tiny.trials, measured_trials(tiny.log), strict=True):
        assert trial.values == (entry.dev.metrics["mrr@10"].mean, float(entry.dev.n_chunks))


def test_another_golden_set_is_another_sweep(sweep: Callable[..., Sweep], tmp_path: Path) -> None:
    tiny = sweep(SWEPT)
    first = tiny.begin(2).folder.name
    assert tiny.begin(9).folder.name == first
    write_golden(tmp_path / "golden", documents={**DOCUMENTS, "pay.md": DOCUMENTS["pay.md"] + "More.\n"})
    tiny.golden = load_golden(tmp_path / "golden")
    assert tiny.begin(2).folder.name != first


def test_another_space_is_another_sweep_and_another_name_or_cap_is_not_another_search(
    sweep: Callable[..., Sweep],
) -> None:
    first = sweep(SWEPT).begin(2).folder.name
    assert sweep({**SWEPT, "bm25_b": {"min": 0.2, "max": 0.9}}).begin(2).folder.name != first
    assert sweep(SWEPT, method="bayes").begin(2).folder.name != first
    assert sweep(SWEPT, run_cap=7).begin(2).folder.name == first


def test_the_recommendation_and_the_baselines_are_confirmed_once(
    sweep: Callable[..., Sweep], golden: GoldenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = sweep(SWEPT)
    tiny.run(4)
    outcome = confirm(tiny.config, golden, tiny.log, read_outcome(tiny.log), progress=lambda *told: None)
    confirmed = {trial.number for trial in tiny.trials if trial.confirmed}
    assert {0, 1} | {outcome.decision.recommended.measured.number} <= confirmed
    assert len(confirmed) <= 4
    assert {entry.number for entry in outcome.measured if entry.test is not None} == confirmed
    monkeypatch.setattr(rag_sweeps.outcome, "measure", lambda *_, **__: pytest.fail("measured again"))
    confirm(tiny.config, golden, tiny.log, outcome, progress=lambda *told: None)


def test_a_golden_set_without_held_out_questions_is_decided_on_dev(
    write_config: Callable[..., Path], tmp_path: Path
) -> None:
    golden = load_golden(write_golden(tmp_path / "golden", splits=["dev"]))
    tiny = Sweep(write_config(SWEPT), golden)
    tiny.run(2)
    outcome = confirm(tiny.config, golden, tiny.log, read_outcome(tiny.log), progress=lambda *told: None)
    assert [entry.test for entry in outcome.measured] == [None] * 4


def test_a_damaged_result_of_a_finished_trial_is_measured_again_by_the_same_command(
    write_config: Callable[..., Path], cli: Cli, home: Path
) -> None:
    path = write_config(LEXICAL)
    assert cli("sweep", path, "--count", 1).code == 0
    damaged = sorted((home / "results").rglob("*.dev.json"))[0]
    damaged.write_bytes(damaged.read_bytes().replace(b'"n":', b'"m":').replace(b"0.", b"1."))
    again = cli("sweep", path, "--count", 1)
    assert again.code == 0, again.err
    assert cli("results", "--json").code == 0


def finished_lines(home: Path) -> int:
    return sum(path.read_text().count('"event":"finished"') for path in (home / "sweeps").glob("*/log.jsonl"))


def log_of(home: Path) -> list[dict[str, Any]]:
    (path,) = (home / "sweeps").glob("*/log.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check_log(home: Path, *, finished: int) -> None:
    """Every trial was asked once under its own number, and finished or failed once."""
    changes = log_of(home)
    asked = [change["number"] for change in changes if change["event"] == "asked"]
    assert asked == list(range(len(asked)))
    ended = Counter(change["number"] for change in changes if change["event"] == "finished")
    assert set(ended.values()) == {1}
    ids = [change["trial_id"] for change in changes if change["event"] == "finished"]
    assert len(set(ids)) == len(ids)
    baselines = {change["number"] for change in changes if change["event"] == "asked" and change["baseline"]}
    assert len(ended.keys() - baselines) == finished


def stop(process: subprocess.Popen[str], how: signal.Signals) -> tuple[int, str, str]:
    os.kill(process.pid, how)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


COUNT = 25


def test_a_killed_sweep_goes_on_where_it_was(write_config: Callable[..., Path], cli: Cli, home: Path) -> None:
    path = write_config(LEXICAL)
    process = cli.start("sweep", path, "--count", COUNT)
    wait_until(lambda: finished_lines(home) >= 5, "five trials finished")
    stop(process, signal.SIGKILL)
    assert 5 <= finished_lines(home) < COUNT
    before = {file: file.stat().st_mtime_ns for file in (home / "results").rglob("*.json")}
    assert before
    again = cli("sweep", path, "--count", COUNT)
    assert again.code == 0, again.err
    check_log(home, finished=COUNT)
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_an_interrupted_sweep_ends_at_once_and_goes_on_later(
    write_config: Callable[..., Path], cli: Cli, home: Path
) -> None:
    path = write_config(LEXICAL)
    process = cli.start("sweep", path, "--count", COUNT)
    wait_until(lambda: finished_lines(home) >= 3, "three trials finished")
    began = time.monotonic()
    code, _, err = stop(process, signal.SIGINT)
    assert time.monotonic() - began < 20
    assert code == 130
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert cli("sweep", path, "--count", COUNT).code == 0
    check_log(home, finished=COUNT)


def test_two_commands_share_one_sweep(write_config: Callable[..., Path], cli: Cli, home: Path) -> None:
    path = write_config(LEXICAL)
    processes = [cli.start("sweep", path, "--count", COUNT) for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ended
    check_log(home, finished=COUNT)
    # Each shows the trials it ran; together they are all of them, none twice.
    shown = [line.split()[0] for out, _ in ended for line in out.splitlines() if line.startswith("#")]
    assert sorted(shown) == sorted({f"#{change['number']}" for change in log_of(home)})


def test_a_home_that_fails_every_trial_stops_the_sweep_and_mending_it_resumes(
    write_config: Callable[..., Path], cli: Cli, home: Path
) -> None:
    path = write_config(LEXICAL)
    obstacle = home / "cache" / "rankings"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file where a folder should be")
    stopped = cli("sweep", path, "--count", 3)
    assert stopped.code == 1
    assert "the first 3 trials all failed" in stopped.err
    assert "traceback in" in stopped.err
    obstacle.unlink()
    again = cli("sweep", path, "--count", 3)
    assert again.code == 0, again.err
    check_log(home, finished=3)


FINITE = {"retriever": {"values": ["bm25", "dense", "hybrid"]}, "chunk_size": {"values": [16, 24, 32, 48]}}


def test_a_sweep_that_is_told_of_an_earlier_one_measures_others_but_for_the_best_ones(
    sweep: Callable[..., Sweep],
) -> None:
    first = sweep(FINITE, method="bayes")
    first.run(4)
    first_log = first.log
    second = sweep({**FINITE, "warm_start": {"value": "all"}}, method="bayes")
    second.run(4)
    assert second.log.folder != first_log.folder
    assert len(second.log.earlier()) == len(first_log.trials())
    space = space_of(second.config)
    told = {space.identity(trial.proposal) for trial in searched(first_log.trials())}
    measured = {space.identity(trial.proposal) for trial in searched(second.trials)}
    assert len(measured - told) >= 2
    assert len(measured & told) <= 2


def test_earlier_sweeps_have_to_be_on_the_same_golden_set(sweep: Callable[..., Sweep]) -> None:
    tiny = sweep({**SWEPT, "warm_start": {"value": "nothing-like-it"}})
    with pytest.raises(InputError, match="no sweep under"):
        tiny.begin(2)
