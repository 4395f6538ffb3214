"""What is sent to Anthropic, and how its replies and counts are read."""

from __future__ import annotations

import pytest
from loopback.providers.server import ProviderServer

from providers.conftest import OpenChat
from rag_sweeps.errors import InputError, ProviderFaultError
from rag_sweeps.providers.anthropic_chat import read_completion, read_usage
from rag_sweeps.providers.bodies import Body
from rag_sweeps.providers.endpoints import Endpoint
from rag_sweeps.records import Completion, Usage

SCHEMA = {"type": "object", "properties": {"grade": {"type": "string"}}, "required": ["grade"]}
AT = Endpoint("anthropic", "http://localhost", "none")


def usage_of(**counts: object) -> Usage:
    return read_usage(Body(counts, "anthropic:m"), "m", "judge", 0.5)


def reply_of(**values: object) -> Completion:
    body = Body({"content": [{"type": "text", "text": "yes"}], "stop_reason": "end_turn", **values}, "anthropic:m")
    return read_completion(body, usage_of(input_tokens=1, output_tokens=9), AT)


def test_the_system_text_is_marked_for_the_cache(server: ProviderServer, open_chat: OpenChat) -> None:
    chat = open_chat("anthropic")
    first = chat.ask("Grade it.", system="You judge.", schema=SCHEMA).usage
    second = chat.ask("Grade that.", system="You judge.").usage
    assert server.log[0].body == {
        "model": "claude-x",
        "max_tokens": 200,
        "system": [{"type": "text", "text": "You judge.", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "Grade it."}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    assert (first.cache_write_tokens, first.cached_tokens) == (3, 0)
    assert (second.cache_write_tokens, second.cached_tokens) == (0, 3)
    assert first.input_tokens == second.input_tokens == 6


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
def test_effort_makes_the_model_think(server: ProviderServer, open_chat: OpenChat, effort: str) -> None:
    reply = open_chat("anthropic").ask(schema=SCHEMA, settings={"reasoning_effort": effort})
    (seen,) = server.log
    assert seen.body["thinking"] == {"type": "adaptive"}
    assert seen.body["output_config"]["effort"] == effort
    assert seen.body["output_config"]["format"]["schema"] == SCHEMA
    assert reply.usage.reasoning_tokens > 0
    assert reply.text == "claude-x heard: Is it so?", "without the thinking"


def test_no_effort_turns_thinking_off(server: ProviderServer, open_chat: OpenChat) -> None:
    open_chat("anthropic").ask(settings={"reasoning_effort": "none"})
    assert server.log[0].body["thinking"] == {"type": "disabled"}
    assert "output_config" not in server.log[0].body


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"temperature": 0.0}, "take no temperature"),
        ({"reasoning_effort": "minimal"}, "use none, low, medium, high"),
        ({"base_url": "http://localhost"}, "take no base_url"),
    ],
)
def test_a_setting_that_anthropic_cannot_take_is_refused(
    server: ProviderServer, open_chat: OpenChat, settings: dict[str, object], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        open_chat("anthropic").ask(settings=settings)
    assert not server.log


def test_a_long_reply_may_be_asked_for(open_chat: OpenChat) -> None:
    assert open_chat("anthropic").ask(max_output_tokens=64000).problem is None


def test_counts_by_hand() -> None:
    found = usage_of(
        input_tokens=15,
        cache_read_input_tokens=60,
        cache_creation_input_tokens=25,
        output_tokens=30,
        output_tokens_details={"thinking_tokens": 12},
    )
    assert found == Usage("anthropic", "m", "judge", 100, 60, 25, 30, 12, latency_s=0.5)


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"input_tokens": 1},
        {"input_tokens": "1", "output_tokens": 1},
        {"input_tokens": 1, "output_tokens": 1, "cache_read_input_tokens": -5},
        {"input_tokens": 1, "output_tokens": 1, "output_tokens_details": {"thinking_tokens": 2}},
    ],
)
def test_counts_that_cannot_be_are_a_fault(counts: dict[str, object]) -> None:
    with pytest.raises(ProviderFaultError, match="does not promise"):
        usage_of(**counts)


def test_text_blocks_are_one_text() -> None:
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert reply_of(content=blocks).text == "ab"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"stop_reason": "stop_sequence"}, None),
        ({"stop_reason": "max_tokens"}, "cut at 9 output tokens"),
        ({"stop_reason": "model_context_window_exceeded"}, "cut at 9 output tokens"),
        ({"stop_reason": "pause_turn"}, "not finished: pause_turn"),
        ({"stop_reason": "refusal"}, "refused"),
        ({"stop_reason": "refusal", "stop_details": {"explanation": "no\n no"}}, "refused: no no"),
        ({"content": []}, "empty"),
        ({"content": [{"type": "text", "text": " \n"}]}, "empty"),
    ],
)
def test_why_a_reply_cannot_be_used(values: dict[str, object], problem: str | None) -> None:
    assert reply_of(**values).problem == problem


@pytest.mark.parametrize(
    "values", [{"stop_reason": None}, {"content": "yes"}, {"content": [1]}, {"content": [{"text": "no type"}]}]
)
def test_replies_that_cannot_be_are_a_fault(values: dict[str, object]) -> None:
    with pytest.raises(ProviderFaultError, match="does not promise"):
        reply_of(**values)
