"""What every ChatModel promises, whoever answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.conftest import Chat
from rag_sweeps.errors import InputError


class ChatModelConformance:
    """Give a fixture `chat` whose model answers `… heard: <user>`."""

    def test_a_reply_has_the_text_and_no_problem(self, chat: Chat) -> None:
        reply = chat.ask("Which day?", system="Be short.")
        assert reply.text.endswith("heard: Which day?")
        assert reply.problem is None

    def test_usage_names_provider_model_and_purpose(self, chat: Chat) -> None:
        usage = chat.ask().usage
        assert f"{usage.provider}:{usage.model}" == chat.name
        assert usage.purpose == "generate"
        assert usage.latency_s >= 0
        assert not usage.from_cache
        assert not usage.batch

    def test_usage_counts_every_token_once(self, chat: Chat) -> None:
        for _ in range(2):
            usage = chat.ask(system="Judge these answers well.").usage
            assert 0 <= usage.cached_tokens + usage.cache_write_tokens <= usage.input_tokens
            assert 0 <= usage.reasoning_tokens <= usage.output_tokens
            assert usage.input_tokens > 0
            assert usage.output_tokens > 0

    def test_a_reply_that_is_too_long_is_cut_and_says_so(self, chat: Chat) -> None:
        reply = chat.ask("word " * 50, max_output_tokens=20)
        assert reply.problem == f"cut at {reply.usage.output_tokens} output tokens"
        assert reply.usage.output_tokens <= 20

    @pytest.mark.parametrize(
        "text", ["naïve 東京 🚲", "two\u2028lines\x85of\r\ntext\x0b", 'a "quote" \\ and {"json": 1}']
    )
    def test_text_comes_back_as_it_was_sent(self, chat: Chat, text: str) -> None:
        assert chat.ask(text).text.endswith(f"heard: {text}")

    def test_many_threads_each_get_their_own_reply(self, chat: Chat) -> None:
        questions = [f"question {i}" for i in range(128)]
        with ThreadPoolExecutor(64) as threads:
            replies = list(threads.map(chat.ask, questions))
        assert all(
            reply.text.endswith(f"heard: {question}") for reply, question in zip(replies, questions, strict=True)
        )

    def test_a_request_for_another_model_is_refused(self, chat: Chat) -> None:
        with pytest.raises(InputError, match="openai:another"):
            chat.ask(model="openai:another")
