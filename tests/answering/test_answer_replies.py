"""A generator's reply is read strictly: an answer, no answer, or a problem."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_sweeps.providers.replies import NOT_FOUND, ReadAnswer, last_object, read_answer


def test_json_with_an_answer_and_citations() -> None:
    reply = json.dumps({"answer": " 26 days ", "citations": [3, 1, 3]})
    assert read_answer(reply, structured=True) == ReadAnswer("26 days", (3, 1))


def test_null_is_no_answer_and_no_problem() -> None:
    assert read_answer('{"answer": null, "citations": []}', structured=True) == ReadAnswer(None)


def test_a_code_fence_around_the_object_is_seen_through() -> None:
    assert read_answer('```json\n{"answer": "x", "citations": []}\n```', structured=True).text == "x"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "26 days",
        "[1]",
        '{"answer": "x"}',
        '{"answer": "x", "citations": [1], "grade": "A"}',
        '{"answer": "x", "citations": ["1"]}',
        '{"answer": "x", "citations": [true]}',
        '{"answer": "x", "citations": [1.0]}',
        '{"answer": "x", "citations": 1}',
        '{"answer": 26, "citations": [1]}',
        '{"answer": " ", "citations": []}',
        '{"answer": "x", "citations": [1]',
        "{" * 3000,
        '{"a":' * 3000,
        '{"answer": "x", "citations": [' + "9" * 5000 + "]}",
    ],
)
def test_any_other_json_is_a_problem(reply: str) -> None:
    read = read_answer(reply, structured=True)
    assert read.text is None
    assert read.problem


def test_half_a_surrogate_pair_does_not_reach_the_answer() -> None:
    assert read_answer('{"answer": "a\\ud800b", "citations": []}', structured=True).text == "a\ufffdb"
    assert read_answer("ANSWER: a\ud800b\nCITATIONS: none", structured=False).text == "a\ufffdb"


@pytest.mark.parametrize(
    ("reply", "text", "citations"),
    [
        ("ANSWER: 26 days\nCITATIONS: [1], [3]", "26 days", (1, 3)),
        ("ANSWER: 26 days\nCITATIONS: 2", "26 days", (2,)),
        ("ANSWER: 26 days\nCITATIONS: [1][2] \n", "26 days", (1, 2)),
        ("\nANSWER: one\ntwo\n\nCITATIONS: none", "one\ntwo", ()),
        ("ANSWER: says CITATIONS: [9]\nCITATIONS: [1]", "says CITATIONS: [9]", (1,)),
        (f"ANSWER: {NOT_FOUND}\nCITATIONS: none", None, ()),
        ("ANSWER: not in the documents.\nCITATIONS: none", None, ()),
    ],
)
def test_plain_text_with_labelled_lines(reply: str, text: str | None, citations: tuple[int, ...]) -> None:
    assert read_answer(reply, structured=False) == ReadAnswer(text, citations)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "26 days",
        "26 days [1]",
        "ANSWER: 26 days",
        "ANSWER:\nCITATIONS: none",
        "Sure!\nANSWER: 26 days\nCITATIONS: none",
        "ANSWER: 26 days\nCITATIONS: [1]\nI hope this helps.",
        "ANSWER: 26 days\nCITATIONS: page 7",
    ],
)
def test_any_other_text_is_a_problem(reply: str) -> None:
    read = read_answer(reply, structured=False)
    assert read.text is None
    assert read.problem


def test_the_last_object_that_stands_alone_counts() -> None:
    assert last_object('echo {"a": {"b": 1}} then {"c": 2} end') == {"c": 2}
    assert last_object('{"a": 1, "a": 2}') == {"a": 2}
    assert last_object("no braces") is None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_no_reply_is_a_crash(reply: str, structured: bool) -> None:
    read = read_answer(reply, structured=structured)
    assert (read.problem is None) or (read.text is None)


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=80).filter(str.strip), st.lists(st.integers(1, 99), max_size=5, unique=True))
def test_what_follows_the_protocol_comes_back_as_it_was(text: str, citations: list[int]) -> None:
    reply = json.dumps({"answer": text, "citations": citations})
    assert read_answer(reply, structured=True) == ReadAnswer(text.strip(), tuple(citations))
