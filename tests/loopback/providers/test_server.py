"""The loopback server itself: what other tests rest on."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import wait_until

from loopback.providers.faults import Faults
from loopback.providers.limits import Bucket
from loopback.providers.seen import Seen, bill_usd, billed_tokens
from loopback.providers.server import OPENAI_KEY, ProviderServer
from loopback.providers.tokens import count_tokens, cut, embed


def post(
    connection: http.client.HTTPConnection, user: str, *, key: str = OPENAI_KEY
) -> tuple[int, Any, dict[str, str]]:
    body = {"model": "m", "messages": [{"role": "system", "content": "a b c"}, {"role": "user", "content": user}]}
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", "/openai/v1/chat/completions", json.dumps(body), headers)
    response = connection.getresponse()
    content = response.read()
    return response.status, json.loads(content), {name.lower(): value for name, value in response.getheaders()}


def connect(server: ProviderServer) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60))


@pytest.mark.parametrize("text", ["", "a", "I am", "one two three", "東京", "x " * 999, "\ud800"])
def test_tokens_are_never_more_than_bytes(text: str) -> None:
    assert count_tokens(text) <= len(text.encode("utf-8", "replace"))
    assert bool(text.strip()) == (count_tokens(text) > 0)


def test_tokens_by_hand() -> None:
    assert [count_tokens(text) for text in ("one", "one two three", "one two three four")] == [2, 4, 6]


@pytest.mark.parametrize("n", range(8))
def test_a_cut_text_is_the_longest_start_that_fits(n: int) -> None:
    text = "one two  three\nfour"
    found = cut(text, n)
    assert text.startswith(found)
    assert count_tokens(found) <= n
    rest = text[len(found) :].split()
    assert not rest or count_tokens(f"{found} {rest[0]}") > n


def test_texts_that_share_words_are_close() -> None:
    def close(first: str, second: str) -> float:
        return sum(a * b for a, b in zip(embed(first, 64), embed(second, 64), strict=True))

    assert close("paid holiday", "paid holiday") == pytest.approx(1)
    assert close("paid holiday of a year", "a paid holiday") > close("paid holiday of a year", "yellow badge")


def test_keys_are_checked() -> None:
    with ProviderServer() as server, connect(server) as connection:
        status, body, _ = post(connection, "hello", key="sk-wrong")
    assert status == 401
    assert "sk-wrong" in body["error"]["message"], "as nosy as the real one"


def test_64_connections_are_kept_alive_and_every_reply_is_logged_once() -> None:
    with ProviderServer(lambda model, system, user: user) as server:

        def talk(n: int) -> list[str]:
            with connect(server) as connection:
                return [post(connection, f"{n} {i}")[1]["choices"][0]["message"]["content"] for i in range(10)]

        with ThreadPoolExecutor(64) as threads:
            said = [text for texts in threads.map(talk, range(64)) for text in texts]
        assert sorted(said) == sorted(f"{n} {i}" for n in range(64) for i in range(10))
        assert sorted(seen.user for seen in server.log) == sorted(said)
        billed = server.billed()["m"]
    assert billed.requests == 640
    assert billed.cached_tokens == 639 * 4, "the system text was written once and read from then on"


def test_a_share_of_faults_strikes_the_same_texts_in_any_order() -> None:
    def struck(texts: list[str]) -> set[str]:
        faults = Faults()
        faults.add("500", share=0.3, seed=7)
        return {text for text in texts if faults.next(endpoint="chat", model="m", text=text, batch=False)}

    texts = [f"text {i}" for i in range(400)]
    assert struck(texts) == struck(texts[::-1])
    assert 60 < len(struck(texts)) < 180


def test_orders_of_faults_by_times_and_every() -> None:
    faults = Faults()
    faults.add("429", times=2, model="a")
    faults.add("500", every=3, model="b")
    kinds = [
        [
            fault.kind if (fault := faults.next(endpoint="chat", model=model, text=str(i), batch=False)) else ""
            for i in range(6)
        ]
        for model in "ab"
    ]
    assert kinds == [["429", "429", "", "", "", ""], ["", "", "500", "", "", "500"]]


def test_a_limit_lets_a_burst_through_and_says_when_to_come_back() -> None:
    with ProviderServer() as server, connect(server) as connection:
        server.limit(requests_per_minute=1, burst=3)
        answers = [post(connection, str(i)) for i in range(5)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1][2]["retry-after"]) <= 60
    assert [seen.billed for seen in server.log] == [True, True, True, False, False]


def test_a_bucket_fills_with_time() -> None:
    bucket = Bucket(per_minute=6000, burst=1)
    assert bucket.take() == 0
    wait = bucket.take()
    assert 0 < wait <= 0.01
    threading.Event().wait(wait)
    assert bucket.take() == 0


def test_the_bill_by_hand() -> None:
    log = [
        Seen(0, "openai", "chat", "m", input_tokens=100, cached_tokens=60, output_tokens=10, billed=True),
        Seen(0, "openai", "chat", "m", input_tokens=100, cache_write_tokens=50, output_tokens=10, billed=True),
        Seen(0, "openai", "chat", "m", input_tokens=100, output_tokens=10, billed=True, batch=True),
        Seen(0, "openai", "chat", "m", input_tokens=999, output_tokens=99, status=500),
    ]
    price = {"m": {"input": 10.0, "cached": 1.0, "cache_write": 12.5, "output": 40.0}}
    by_hand = (40 * 10 + 60 * 1 + 10 * 40) + (50 * 10 + 50 * 12.5 + 10 * 40) + (100 * 10 + 10 * 40) / 2
    assert bill_usd(log, price) == pytest.approx(by_hand / 1e6)
    assert billed_tokens(log)["m"].input_tokens == 200
    assert billed_tokens(log, batch=True)["m"].requests == 1


def test_leaving_ends_every_connection_and_every_stall() -> None:
    ended = threading.Event()

    def stall(server: ProviderServer) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException), connect(server) as connection:
            post(connection, "wait")
        ended.set()

    with ProviderServer() as server, connect(server) as connection:
        assert post(connection, "hello")[0] == 200
        server.faults.add("stall", seconds=600)
        threading.Thread(target=stall, args=(server,), daemon=True).start()
        wait_until(lambda: len(server.log) == 2, "the second request is being worked on")
        server.stop()
        with pytest.raises((http.client.HTTPException, OSError)):
            post(connection, "again")
        assert ended.wait(60)
