"""Rules of sending that need no server: what is pending, how long is waited, which rows are sampled."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from pathlib import Path

import pytest

from rag_sweeps.errors import InputError
from rag_sweeps.hosting.addresses import HostedSweep, log_of, parse_sweep, recall, remember
from rag_sweeps.hosting.agent_api import Command
from rag_sweeps.hosting.identities import keep, orphan
from rag_sweeps.hosting.pulse import Pulse, RunStoppedError, Terminated, end_on_sigterm, interrupts_held
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.tracking.numbers import commit_note, config_commit
from rag_sweeps.tracking.pending import PendingRun, all_pending, n_pending, read_pending
from rag_sweeps.tracking.privacy import digest, sampled
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.server import Address, Server, ServerDownError
from rag_sweeps.tracking.wandb_runs import RunPlace

ADDRESS = Address("http://127.0.0.1:1", "team", "mine")
PLACE = RunPlace(run_id="abc", name="000 abc", group="g", job_type="trial", tags=("baseline", "bm25"), sweep="s")


def unreachable() -> Server:
    raise ServerDownError("W&B did not log in: connection refused")


def test_a_pending_run_is_read_back_as_it_was_kept() -> None:
    pending = PendingRun(ADDRESS, PLACE, "log", 3, {"top_k": 5}, trial_id="t", params={"seed": 0})
    pending.keep()
    assert read_pending("log", 3) == pending
    assert list(all_pending("other")) == []
    assert n_pending() == 1
    pending.forget()
    pending.forget()
    assert n_pending() == 0


def test_a_damaged_pending_file_stops_nobody(home: Path) -> None:
    PendingRun(ADDRESS, PLACE, "log", 1, {}).keep()
    (home / "pending" / "log.00002.json").write_text("{")
    assert [pending.number for pending in all_pending()] == [1]


def test_after_a_failure_the_next_sends_do_not_wait() -> None:
    tries = []

    def reach() -> Server:
        tries.append(1)
        return unreachable()

    sender = Sender(reach)
    for _ in range(3):
        with pytest.raises(ServerDownError):
            sender.call(lambda server: None, "take a run")
    assert len(tries) == 1
    sender.try_again()
    with pytest.raises(ServerDownError, match="connection refused"):
        sender.call(lambda server: None, "take a run")
    assert len(tries) == 2


def test_a_send_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_sweeps.tracking.sending.SEND_SECONDS", 0.1)
    sender = Sender(unreachable, Server(ADDRESS, None))  # type: ignore[arg-type]
    with pytest.raises(ServerDownError, match="within"):
        sender.call(lambda server: time.sleep(2), "take a run")


def test_the_sample_is_the_rows_with_the_smallest_digests() -> None:
    ids = [f"q{n}" for n in range(10)]
    expected = sorted(ids, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:3]
    found = sampled(ids, ids, most=3)
    assert set(found) == set(expected)
    assert found == sorted(found, key=ids.index)
    assert sampled(ids, ids, most=10) == ids
    assert digest("a") == hashlib.sha256(b"a").hexdigest()[:16]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("team/mine/abc", ("team", "mine", "abc")),
        ("mine/abc", (None, "mine", "abc")),
        ("abc", (None, "rag-sweeps", "abc")),
        ("https://wandb.ai/team/mine/sweeps/abc", ("team", "mine", "abc")),
    ],
)
def test_a_sweep_is_named_as_wandb_names_it(text: str, expected: tuple[str | None, str, str]) -> None:
    assert parse_sweep(text) == expected


@pytest.mark.parametrize("text", ["", "a/b/c/d", "//", "a//b"])
def test_what_is_no_name_of_a_sweep_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="ENTITY/PROJECT/ID"):
        parse_sweep(text)


def test_a_log_remembers_its_sweep() -> None:
    hosted = HostedSweep(ADDRESS, "abc", "team/mine/golden:v0@12")
    remember(SweepLog("tiny-1"), hosted)
    assert recall(SweepLog("tiny-1")) == hosted
    found = log_of(HostedSweep(ADDRESS, "abc"))
    assert found is not None
    assert found.folder.name == "tiny-1"
    assert log_of(HostedSweep(ADDRESS, "other")) is None


def test_an_agent_that_died_is_continued_once() -> None:
    log = SweepLog("tiny-1")
    first = keep(log, "QWdlbnQ6/1==")
    assert orphan(log) is None, "its process lives"
    first._lock.release()  # as the system does for a process that was killed
    found = orphan(log)
    assert found is not None
    assert found.agent == "QWdlbnQ6/1=="
    assert orphan(log) is None
    found.forget()
    assert orphan(log) is None


def test_a_stop_interrupts_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_sweeps.hosting.pulse.PULSE_SECONDS", 0.05)
    with pytest.raises(RunStoppedError), Pulse(lambda: [Command("stop", "abc")]):
        time.sleep(30)


def test_an_interrupt_waits_for_what_is_held() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    reached: list[int] = []
    try:
        end_on_sigterm()
        with pytest.raises(Terminated):
            _killed_while_held(reached)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    assert reached == [1]


def _killed_while_held(reached: list[int]) -> None:
    with interrupts_held():
        os.kill(os.getpid(), signal.SIGTERM)
        reached.append(1)


def test_a_worker_reads_the_configs_commit_from_the_config(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(f"description: of leave {commit_note('0123456789abcdef0123456789abcdef01234567+')}\n")
    assert config_commit(path) == "0123456789ab+"
    path.write_text("name: x\n")
    assert config_commit(path) == "none"
