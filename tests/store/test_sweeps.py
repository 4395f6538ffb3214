"""The log of a sweep after crashes, torn lines and several workers at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import wait_until

from rag_sweeps.errors import InputError
from rag_sweeps.store.sweeps import Asked, SweepLog, SweepRecord, find_sweep

HOLDER = """
import sys, time
from rag_sweeps.store.sweeps import SweepLog
lock = SweepLog(sys.argv[1]).claim(int(sys.argv[2]))
print("held" if lock else "taken", flush=True)
time.sleep(60)
"""

ASKER = """
import sys, time
from rag_sweeps.store.sweeps import SweepLog
log = SweepLog("s")
for turn in range(40):
    with log.locked():
        number = len(log.trials())
        time.sleep(0.002)
        log.ask(number, {"asker": sys.argv[1], "turn": turn}, baseline=None)
"""


def record(**changes: object) -> SweepRecord:
    values = {
        "sweep_id": "s",
        "name": "Ein Süßes",
        "config_path": "/x.yaml",
        "objectives": (("mrr@10", "maximize"), ("search_ms_p95", "minimize")),
        "settings": {"quality_metric": "mrr@10", "cost_weight": 0.5},
        "swept": ("chunk_size", "retriever"),
        "count": 24,
        "n_baselines": 2,
        "parallel": 4,
        "budget_usd": None,
        "golden_name": "g",
        "golden_digest": "d" * 64,
        "mode": "local mode",
        "created": "2025-01-01T00:00:00+00:00",
    }
    return SweepRecord(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def log() -> SweepLog:
    log = SweepLog("s")
    log.write_record(record())
    return log


def lines(log: SweepLog) -> list[str]:
    return (log.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()


def test_a_record_is_read_back_exactly(log: SweepLog) -> None:
    assert log.read_record() == record()
    assert (log.read_record().metric, log.read_record().goal) == ("mrr@10", "maximize")


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"objectives": 3}'])
def test_a_sweep_without_a_sound_record_is_refused_with_the_remedy(log: SweepLog, content: str | None) -> None:
    path = log.folder / "sweep.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(InputError, match=r"sweep\.json.*run rag-sweeps sweep"):
        log.read_record()


def test_a_new_log_has_no_trials(log: SweepLog) -> None:
    assert log.trials() == []


def test_the_log_is_replayed_in_order(log: SweepLog) -> None:
    with log.locked():
        log.ask(0, {}, baseline="bm25")
        log.ask(1, {"chunk_size": 64, "chunk_overlap": 0.125, "retriever": None}, baseline=None)
        log.ask(2, {"chunk_size": 65}, baseline=None)
        log.ask(3, {"chunk_size": 66}, baseline=None)
        log.fail(2, "no luck")
        log.finish(0, "t0", (0.1 + 0.2,))
        log.fail(3, "twice")
        log.retry(3)
        log.finish(1, "t1", (0.5, 12.0))
        log.confirm(1)
    assert log.trials() == [
        Asked(0, {}, "bm25", "finished", "t0", (0.1 + 0.2,)),
        Asked(
            1,
            {"chunk_size": 64, "chunk_overlap": 0.125, "retriever": None},
            None,
            "finished",
            "t1",
            (0.5, 12.0),
            None,
            True,
        ),
        Asked(2, {"chunk_size": 65}, None, "failed", reason="no luck"),
        Asked(3, {"chunk_size": 66}, None, "waiting"),
    ]
    assert SweepLog("s").trials() == log.trials()


@pytest.mark.parametrize(
    "torn", ['{"event":"asked","number":1', '{"event":"asked","number":1,"proposal":{},"baseline":null}', "é"]
)
def test_a_torn_last_line_is_ignored_and_cut_off_by_the_next(log: SweepLog, torn: str) -> None:
    log.ask(0, {}, baseline=None)
    with (log.folder / "log.jsonl").open("ab") as file:
        file.write(torn.encode()[: len(torn.encode()) - (torn == "é")])
    assert [trial.number for trial in log.trials()] == [0]
    log.finish(0, "t", (1.0,))
    assert [json.loads(line)["event"] for line in lines(log)] == ["asked", "finished"]
    assert log.trials()[0].state == "finished"


def test_a_log_of_one_torn_line_is_an_empty_log(log: SweepLog) -> None:
    (log.folder / "log.jsonl").write_text('{"event":"as')
    assert log.trials() == []
    log.ask(0, {}, baseline=None)
    assert len(lines(log)) == 1


@pytest.mark.parametrize(
    "text", ["two\nlines", "\u2028 \u2029 \x85 \x0b \x0c \x1c \x1d \x1e", "\r", '"quoted" \\', "😀", "\x00"]
)
def test_any_text_may_stand_in_a_line(log: SweepLog, text: str) -> None:
    log.ask(0, {"query_prompt": text}, baseline=None)
    log.fail(0, text)
    (trial,) = log.trials()
    assert (trial.reason, trial.proposal) == (text, {"query_prompt": text})


def test_a_reason_with_half_a_character_can_be_logged(log: SweepLog) -> None:
    # os.fsdecode makes such text of a file name that is not UTF-8, and an error message may name the file.
    log.ask(0, {}, baseline=None)
    log.fail(0, "no file \udcff")
    assert log.trials()[0].state == "failed"


def test_a_damaged_line_is_named_with_a_remedy(log: SweepLog) -> None:
    log.ask(0, {}, baseline=None)
    log.ask(1, {}, baseline=None)
    path = log.folder / "log.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"number":0', b'"number":x'))
    with pytest.raises(InputError, match=r"log\.jsonl"):
        log.trials()


def test_a_claim_is_for_one(log: SweepLog) -> None:
    first = log.claim(0)
    assert first is not None
    assert log.claim(0) is None
    assert log.claim(1) is not None
    first.release()
    assert log.claim(0) is not None


def test_a_claim_of_a_killed_process_is_free(log: SweepLog) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, "s", "7"], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert log.claim(7) is None
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert log.claim(7) is not None


def test_two_processes_never_get_one_number(log: SweepLog) -> None:
    askers = [subprocess.Popen([sys.executable, "-c", ASKER, name]) for name in ("a", "b")]
    assert [asker.wait(timeout=60) for asker in askers] == [0, 0]
    asked = [json.loads(line) for line in lines(log)]
    assert [change["number"] for change in asked] == list(range(80))
    for name in ("a", "b"):
        assert [c["proposal"]["turn"] for c in asked if c["proposal"]["asker"] == name] == list(range(40))


def test_a_lock_of_a_killed_process_is_free(log: SweepLog, tmp_path: Path) -> None:
    code = "import time\nfrom rag_sweeps.store.sweeps import SweepLog\n"
    code += "with SweepLog('s').locked():\n    print('held', flush=True)\n    time.sleep(60)\n"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with log.locked():
        log.ask(0, {}, baseline=None)


def begin(sweep_id: str, at: float) -> None:
    log = SweepLog(sweep_id)
    log.write_record(record(sweep_id=sweep_id))
    log.ask(0, {}, baseline=None)
    os.utime(log.folder / "log.jsonl", (at, at))


def test_a_sweep_is_found_by_its_name_or_the_beginning_of_it() -> None:
    for at, sweep_id in enumerate(("quick-1a", "quick-1b", "quick", "slow-9")):
        begin(sweep_id, 1000.0 + at)
    assert find_sweep("quick-1a").folder.name == "quick-1a"
    assert find_sweep("slow").folder.name == "slow-9"
    assert find_sweep("quick").folder.name == "quick", "the whole name is no beginning of others"


def test_without_a_name_it_is_the_sweep_that_changed_last() -> None:
    begin("a", 3000.0)
    begin("b", 1000.0)
    begin("c", 2000.0)
    assert find_sweep(None).folder.name == "a"


def test_a_beginning_of_several_names_them() -> None:
    begin("quick-1", 1.0)
    begin("quick-2", 2.0)
    with pytest.raises(InputError, match=r"'qui' could be any of quick-1, quick-2"):
        find_sweep("qui")


def test_an_unknown_sweep_names_the_known_ones() -> None:
    begin("quick-1", 1.0)
    with pytest.raises(InputError, match=r"'slow' is not one of quick-1"):
        find_sweep("slow")


@pytest.mark.parametrize("name", [None, "x"])
def test_no_sweep_at_all_says_how_to_begin(name: str | None) -> None:
    with pytest.raises(InputError, match="run rag-sweeps sweep CONFIG first"):
        find_sweep(name)


def test_waiting_for_a_lock_ends_when_it_is_released(log: SweepLog) -> None:
    order: list[str] = []
    asker = subprocess.Popen([sys.executable, "-c", ASKER, "other"])
    wait_until(lambda: len(log.trials()) > 3, "the other process has begun")
    with log.locked():
        order.append("held")
        before = len(log.trials())
        assert len(log.trials()) == before
    assert asker.wait(timeout=60) == 0
    assert len(log.trials()) == 40
