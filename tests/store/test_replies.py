"""Replies that were paid for are found again, by every process, whatever happened to the file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from rag_sweeps.errors import DamagedCacheWarning
from rag_sweeps.records import ChatRequest, Completion, Usage, request_key
from rag_sweeps.store.replies import ReplyStore

REQUEST = ChatRequest(
    model="openai:gpt-x",
    system="Answer.",
    user="Wie heißt das? 語 \ud800",
    max_output_tokens=64,
    schema={"type": "object", "properties": {"answer": {"type": "string"}}},
    settings={"temperature": 0.5, "base_url": None},
    repeat=2,
)
USAGE = Usage("openai", "gpt-x", "judge", 100, 20, 5, 30, 10, latency_s=1.25)
KEY = request_key(REQUEST)

MANY_AT_ONCE = """
import sys
from rag_sweeps.records import ChatRequest, Completion, Usage, request_key
from rag_sweeps.store.replies import ReplyStore
sys.stdin.read()
for number in range(20):
    request = ChatRequest("openai:gpt-x", "", f"{sys.argv[1]} {number}", 8)
    ReplyStore().put(request, Completion("yes", Usage("openai", "gpt-x", "judge", 1)))
    assert ReplyStore().get(request_key(request)) is not None
"""


def stored(path: Path | None = None) -> ReplyStore:
    store = ReplyStore(path)
    store.put(REQUEST, Completion("a \ud800 reply", USAGE, problem="cut"))
    return store


def test_a_reply_comes_back_as_it_was_paid_and_says_that_it_is_stored() -> None:
    found = stored().get(KEY)
    assert found is not None
    assert (found.text, found.problem) == ("a \ud800 reply", "cut")
    assert found.usage == Usage("openai", "gpt-x", "judge", 100, 20, 5, 30, 10, latency_s=1.25, from_cache=True)


def test_a_reply_that_came_from_the_store_is_stored_as_paid() -> None:
    store = stored()
    again = store.get(KEY)
    assert again is not None
    store.put(REQUEST, again)
    assert store.get(KEY) == again


def test_the_request_is_kept_beside_the_reply() -> None:
    assert stored().request_of(KEY) == REQUEST
    assert request_key(REQUEST) == KEY


def test_what_was_never_asked_is_not_there_and_makes_no_file(home: Path) -> None:
    assert ReplyStore().get(KEY) is None
    assert ReplyStore().request_of(KEY) is None
    assert not home.exists()


def test_another_process_finds_it(home: Path) -> None:
    stored().close()
    assert ReplyStore(home / "cache" / "replies.sqlite").get(KEY) is not None


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE replies SET reply = replace(CAST(reply AS TEXT), 'reply', 'lie')",
        "UPDATE replies SET request = x'00'",
        "UPDATE replies SET checksum = 7",
        "UPDATE replies SET reply = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_damaged_row_is_reported_and_asked_again(home: Path, damage: str) -> None:
    stored().close()
    with sqlite3.connect(home / "cache" / "replies.sqlite") as connection:
        connection.execute(damage)
    connection.close()
    store = ReplyStore()
    with pytest.warns(DamagedCacheWarning, match="asked again"):
        assert store.get(KEY) is None
    store.put(REQUEST, Completion("new", USAGE))
    found = store.get(KEY)
    assert found is not None
    assert found.text == "new"


def test_a_damaged_file_is_put_aside_and_not_deleted(home: Path) -> None:
    stored().close()
    path = home / "cache" / "replies.sqlite"
    path.write_bytes(b"this is no database, and was one " * 200)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    with pytest.warns(DamagedCacheWarning, match="kept as replies.sqlite.damaged-"):
        assert ReplyStore().get(KEY) is None
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    assert stored().get(KEY) is not None


def test_many_processes_open_a_new_store_at_once() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MANY_AT_ONCE, str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    for process in processes:  # all of them are waiting for this with their imports done, or will not wait
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    assert [process.communicate(timeout=120)[1] for process in processes] == [""] * 6
    store = ReplyStore()
    for number in range(6):
        for at in range(20):
            assert store.get(request_key(ChatRequest("openai:gpt-x", "", f"{number} {at}", 8))) is not None


def test_many_threads_share_one_store() -> None:
    store = ReplyStore()

    def work(thread: int) -> None:
        for number in range(50):
            request = ChatRequest("openai:gpt-x", "", f"{thread} {number}", 8)
            store.put(request, Completion(f"{thread}", USAGE))
            found.append(store.get(request_key(request)))

    found: list[Completion | None] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len([reply for reply in found if reply is not None]) == 400


def test_replies_are_counted_by_model() -> None:
    store = ReplyStore()
    assert store.count("openai:gpt-x") == 0
    for repeat in range(3):
        store.put(replace(REQUEST, repeat=repeat), Completion("yes", USAGE))
    store.put(replace(REQUEST, model="anthropic:x"), Completion("yes", USAGE))
    assert [store.count(model) for model in ("openai:gpt-x", "anthropic:x", "openai:gpt")] == [3, 1, 0]
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE replies SET request = x'00ff' WHERE key = ?", (request_key(REQUEST),))
    connection.close()
    assert store.count("openai:gpt-x") == 2
    store.close()
