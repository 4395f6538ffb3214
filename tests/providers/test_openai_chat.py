"""What is sent to OpenAI and to compatible servers, and how their counts are read."""

from __future__ import annotations

import pytest
from loopback.providers.server import ProviderServer

from providers.conftest import OpenChat
from rag_sweeps.errors import InputError, ProviderFaultError
from rag_sweeps.providers.bodies import Body
from rag_sweeps.providers.endpoints import Endpoint
from rag_sweeps.providers.openai_chat import read_completion, read_usage
from rag_sweeps.records import Usage

SCHEMA = {"type": "object", "properties": {"grade": {"type": "string"}}, "required": ["grade"]}
AT = Endpoint("compatible", "http://localhost/v1", "none")


def usage_of(**counts: object) -> Usage:
    return read_usage(Body(counts, "compatible:m"), AT, "m", "judge", 0.5)


def test_openai_is_sent_one_strict_request(server: ProviderServer, open_chat: OpenChat) -> None:
    settings = {"temperature": 0.0, "reasoning_effort": "minimal"}
    open_chat("openai").ask("Grade it.", system="You judge.", schema=SCHEMA, settings=settings)
    (seen,) = server.log
    key = seen.body["prompt_cache_key"]
    assert seen.body == {
        "model": "gpt-x",
        "messages": [{"role": "system", "content": "You judge."}, {"role": "user", "content": "Grade it."}],
        "max_completion_tokens": 200,
        "temperature": 0.0,
        "reasoning_effort": "minimal",
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA}},
        "prompt_cache_key": key,
    }


def test_calls_with_one_system_text_share_a_cache(server: ProviderServer, open_chat: OpenChat) -> None:
    chat = open_chat("openai")
    first, second = chat.ask("a", system="You judge."), chat.ask("b", system="You judge.")
    chat.ask("a", system="You answer.")
    keys = [seen.body["prompt_cache_key"] for seen in server.log]
    assert keys[0] == keys[1] != keys[2]
    assert (first.usage.cached_tokens, second.usage.cached_tokens) == (0, 3)


def test_a_compatible_server_is_sent_what_older_servers_know(server: ProviderServer, open_chat: OpenChat) -> None:
    open_chat("compatible").ask(schema=SCHEMA)
    (seen,) = server.log
    assert seen.provider == "compatible"
    assert seen.body["max_tokens"] == 200
    assert set(seen.body) == {"model", "messages", "max_tokens", "response_format"}


def test_what_the_environment_holds_for_openai_is_not_for_another_server(
    server: ProviderServer, open_chat: OpenChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    server.accept("compatible", "my-own-key")
    monkeypatch.setenv("COMPATIBLE_API_KEY", "my-own-key")
    open_chat("compatible").ask()
    assert "secret" not in str(server.log[-1].headers)
    open_chat("openai").ask()
    assert server.log[-1].headers["openai-organization"] == "org-secret"


def test_the_address_of_openai_is_not_that_of_the_compatible_server(
    server: ProviderServer, open_chat: OpenChat
) -> None:
    open_chat("openai", base_url=server.compatible_url).ask()
    assert server.log[-1].provider == "openai"


def test_a_request_may_name_the_compatible_server(server: ProviderServer, open_chat: OpenChat) -> None:
    chat = open_chat("compatible", base_url="")
    with pytest.raises(InputError, match="compatible_base_url"):
        chat.ask()
    assert chat.ask(settings={"base_url": server.compatible_url}).problem is None


@pytest.mark.parametrize(("name", "value"), [("top_p", 0.5), ("base_url", "http://localhost/v1")])
def test_a_setting_that_openai_cannot_take_is_refused(
    server: ProviderServer, open_chat: OpenChat, name: str, value: object
) -> None:
    with pytest.raises(InputError, match=f"take no {name}"):
        open_chat("openai").ask(settings={name: value})
    assert not server.log


def test_settings_that_are_not_made_are_not_sent(server: ProviderServer, open_chat: OpenChat) -> None:
    open_chat("openai").ask(settings={"temperature": None, "reasoning_effort": None, "base_url": ""})
    assert {"temperature", "reasoning_effort"}.isdisjoint(server.log[0].body)


def test_counts_by_hand() -> None:
    found = usage_of(
        prompt_tokens=100,
        completion_tokens=30,
        total_tokens=130,
        prompt_tokens_details={"cached_tokens": 60, "cache_write_tokens": 25, "audio_tokens": None},
        completion_tokens_details={"reasoning_tokens": 12},
    )
    assert found == Usage("compatible", "m", "judge", 100, 60, 25, 30, 12, latency_s=0.5)


def test_reasoning_that_only_the_total_counts_is_output() -> None:
    found = usage_of(
        prompt_tokens=10, completion_tokens=5, total_tokens=115, completion_tokens_details={"reasoning_tokens": 100}
    )
    assert (found.output_tokens, found.reasoning_tokens) == (105, 100)


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"prompt_tokens": 1},
        {"prompt_tokens": "1", "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}},
        {"prompt_tokens": 1, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 2}},
        {"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": [3]},
    ],
)
def test_counts_that_cannot_be_are_a_fault(counts: dict[str, object]) -> None:
    with pytest.raises(ProviderFaultError, match="does not promise"):
        usage_of(**counts)


@pytest.mark.parametrize(
    "choices",
    [
        None,
        [],
        {},
        ["text"],
        [{}],
        [{"message": None}],
        [{"message": {"content": 1}}],
        [{"message": {"content": ["a"]}}],
    ],
)
def test_choices_that_cannot_be_are_a_fault(choices: object) -> None:
    usage = usage_of(prompt_tokens=1, completion_tokens=1)
    with pytest.raises(ProviderFaultError, match="does not promise"):
        read_completion(Body({"choices": choices}, "compatible:m"), usage, AT)


def test_a_reason_to_finish_that_only_one_server_knows_is_no_problem() -> None:
    usage = usage_of(prompt_tokens=1, completion_tokens=1)
    for finish in (None, "eos_token", "stop"):
        body = Body({"choices": [{"message": {"content": "yes"}, "finish_reason": finish}]}, "compatible:m")
        assert read_completion(body, usage, AT).problem is None
