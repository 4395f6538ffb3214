"""Every provider's chat model: what all promise, and how each trouble comes out."""

from __future__ import annotations

import gc
import logging
import socket
import traceback

import pytest
from loopback.providers.server import ANTHROPIC_KEY, OPENAI_KEY, ProviderServer

from providers.chat_conformance import ChatModelConformance
from providers.conftest import MODELS, Chat, OpenChat
from rag_sweeps.errors import InputError, ProviderBusyError, ProviderFaultError, RagSweepsError, TrialError

KEYS = (OPENAI_KEY, ANTHROPIC_KEY)


class TestEveryProvider(ChatModelConformance):
    """Over the network."""


def trouble(chat: Chat) -> RagSweepsError:
    with pytest.raises(RagSweepsError) as caught:
        chat.ask()
    return caught.value


@pytest.mark.parametrize("kind", ["429", "overloaded"])
def test_a_busy_provider_is_worth_another_attempt_and_costs_nothing(
    server: ProviderServer, chat: Chat, kind: str
) -> None:
    server.faults.add(kind, retry_after="7")
    error = trouble(chat)
    assert isinstance(error, ProviderBusyError)
    assert error.retry_after_s == 7
    assert not error.billed
    assert len(server.log) == 1, "one attempt a call: the caller tries again, not the SDK"
    assert not server.billed()


def test_a_rate_limit_says_how_long_to_wait(server: ProviderServer, chat: Chat) -> None:
    server.limit(requests_per_minute=60, burst=1)
    chat.ask()
    error = trouble(chat)
    assert isinstance(error, ProviderBusyError)
    assert error.retry_after_s is not None
    assert 0 < error.retry_after_s <= 1


@pytest.mark.parametrize("kind", ["401", "403", "404", "quota"])
def test_what_the_user_has_to_mend_is_an_input_error(server: ProviderServer, chat: Chat, kind: str) -> None:
    server.faults.add(kind)
    error = trouble(chat)
    assert isinstance(error, InputError)
    assert chat.name in str(error)
    assert ("_API_KEY" in str(error)) == (kind != "404")
    assert len(server.log) == 1


def test_a_request_that_is_never_accepted_fails_the_trial(server: ProviderServer, chat: Chat) -> None:
    server.faults.add("400")
    error = trouble(chat)
    assert type(error) is TrialError
    assert "maximum" in str(error), "the provider's own words"


@pytest.mark.parametrize(
    "kind", ["cut", "malformed", "not_json", "wrong_types", "no_usage", "no_choices", "502", "504"]
)
def test_a_broken_reply_is_a_fault_that_may_be_billed(server: ProviderServer, chat: Chat, kind: str) -> None:
    server.faults.add(kind)
    error = trouble(chat)
    assert isinstance(error, ProviderFaultError)
    assert error.billed
    assert chat.name in str(error)
    assert len(server.log) == 1


def test_an_error_of_the_api_itself_is_not_billed_where_the_provider_says_so(
    server: ProviderServer, chat: Chat, provider: str
) -> None:
    server.faults.add("500")
    error = trouble(chat)
    assert isinstance(error, ProviderFaultError)
    assert error.billed == (provider == "compatible")


@pytest.mark.parametrize("kind", ["stall", "drip"])
def test_a_reply_that_does_not_end_is_given_up_and_may_be_billed(
    server: ProviderServer, open_chat: OpenChat, provider: str, kind: str
) -> None:
    chat = open_chat(provider, timeout_s=1.0)
    server.faults.add(kind, seconds=120)
    error = trouble(chat)
    assert isinstance(error, ProviderFaultError)
    assert error.billed
    assert "did not answer in time" in str(error)
    server.faults.clear()
    chat = open_chat(provider)
    assert chat.ask().problem is None


def test_a_server_that_is_not_there_costs_nothing(
    open_chat: OpenChat, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    error = trouble(open_chat(provider, base_url=address))
    assert isinstance(error, ProviderFaultError)
    assert not error.billed
    assert f"{address} cannot be reached (" in str(error)


@pytest.mark.parametrize(
    ("kind", "says"), [("refusal", "refused"), ("length", "cut at"), ("content_filter", "filtered"), ("empty", "empty")]
)
def test_a_reply_that_cannot_be_used_is_a_value_and_is_paid_for(
    server: ProviderServer, chat: Chat, provider: str, kind: str, says: str
) -> None:
    server.faults.add(kind)
    reply = chat.ask()
    assert reply.problem is not None
    assert says in reply.problem or (provider, kind) == ("anthropic", "content_filter"), reply.problem
    assert reply.usage.input_tokens > 0
    billed = server.billed()[reply.usage.model]
    assert (billed.input_tokens, billed.output_tokens) == (reply.usage.input_tokens, reply.usage.output_tokens)


def test_usage_is_the_bill(server: ProviderServer, chat: Chat) -> None:
    replies = [
        chat.ask(f"question {i}", system="Judge these.", settings={"reasoning_effort": "low"}).usage for i in range(5)
    ]
    (billed,) = server.billed().values()
    assert billed.input_tokens == sum(usage.input_tokens for usage in replies)
    assert billed.cached_tokens == sum(usage.cached_tokens for usage in replies) > 0
    assert billed.cache_write_tokens == sum(usage.cache_write_tokens for usage in replies)
    assert billed.output_tokens == sum(usage.output_tokens for usage in replies)
    assert all(usage.reasoning_tokens == 16 for usage in replies)


def test_text_that_is_no_text_fails_the_trial_before_it_is_sent(server: ProviderServer, chat: Chat) -> None:
    with pytest.raises(TrialError, match="characters"):
        chat.ask("half a \ud800 pair", system="half a \ud800 pair")
    assert not server.log


@pytest.mark.parametrize("key", ["sk-proj-{0}", "a-key-without-a-known-form-{0}"])
@pytest.mark.parametrize("kind", ["401", "403", "400", "429", "500", "refused", "malformed", "cut"])
def test_no_key_appears_in_any_error_or_log(
    server: ProviderServer,
    open_chat: OpenChat,
    provider: str,
    key: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = key.format("0123456789abcdefghij")
    for name in ("OPENAI", "ANTHROPIC", "COMPATIBLE"):
        monkeypatch.setenv(f"{name}_API_KEY", key)
    if kind != "refused":  # else the server knows another key and repeats the wrong one in its reply
        server.accept(provider, key)
        server.faults.add(kind, says=f"you sent {key}, which")
    elif provider == "compatible":
        pytest.skip("takes any key")
    with caplog.at_level(logging.DEBUG):
        error = trouble(open_chat(provider))
    assert key not in "".join(traceback.format_exception(error))
    assert key not in repr(error)
    assert key not in caplog.text


def test_a_key_that_no_header_can_hold_is_refused_unseen(
    server: ProviderServer, open_chat: OpenChat, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI", "ANTHROPIC", "COMPATIBLE"):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-proj-first\nsk-proj-sécond")
    with pytest.raises(InputError, match=f"{provider.upper()}_API_KEY") as caught:
        open_chat(provider)
    assert "first" not in str(caught.value)


def test_a_model_that_is_gone_has_closed_its_connections(
    server: ProviderServer, open_chat: OpenChat, provider: str
) -> None:
    chat = open_chat(provider)
    chat.ask()
    del chat
    gc.collect()  # an open socket would be a ResourceWarning, and warnings are errors


def test_every_provider_is_tested() -> None:
    from rag_sweeps.parameters import PROVIDERS

    assert set(MODELS) == set(PROVIDERS)
