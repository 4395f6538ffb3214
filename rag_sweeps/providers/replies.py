"""The text of a model's reply -> what was asked for, read strictly: what does not fit is a problem, not a guess.

One protocol is JSON under a schema, the other is plain text with labelled lines, for servers that enforce no schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

NOT_FOUND = "NOT IN THE DOCUMENTS"

ANSWER_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "answer": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "citations": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["answer", "citations"],
    "additionalProperties": False,
}

_ANSWER_AS_JSON = """\
Reply with one JSON object and nothing else: {"answer": "…", "citations": [1, 3]}.
- answer: the answer, without citations in it; null if the passages do not hold the answer.
- citations: the numbers of the passages that the answer rests on; empty where answer is null."""

_ANSWER_AS_TEXT = f"""\
Reply in this form and write nothing before or after it:
ANSWER: the answer, without citations in it; or {NOT_FOUND}
CITATIONS: the numbers of the passages that the answer rests on, such as [1], [3]; or none"""

_GRADE_AS_JSON = """\
Reply with one JSON object and nothing else: {"reason": "…", "grade": "…"}.
- reason: at most three sentences, written before you settle on a grade.
- grade: one of """

_GRADE_AS_TEXT = """\
Reply in this form and write nothing after it:
REASON: at most three sentences, written before you settle on a grade
GRADE: one of """


def answer_form(*, structured: bool) -> str:
    """How a generator is told to reply."""
    return _ANSWER_AS_JSON if structured else _ANSWER_AS_TEXT


def grade_form(grades: Iterable[str], *, structured: bool) -> str:
    """How a judge is told to reply."""
    return (_GRADE_AS_JSON if structured else _GRADE_AS_TEXT) + ", ".join(grades)


def grade_schema(grades: Iterable[str]) -> Mapping[str, object]:
    return {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "grade": {"type": "string", "enum": list(grades)}},
        "required": ["reason", "grade"],
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """text is None where the model found no answer; problem: why the reply cannot be used."""

    text: str | None
    citations: tuple[int, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ReadGrade:
    """grade is one that was offered, or None: unscored, with a problem."""

    grade: str | None
    reason: str
    problem: str | None = None


def read_answer(reply: str, *, structured: bool) -> ReadAnswer:
    """What a generator replied. Citations are distinct, in the order given, whether or not the passages exist."""
    read = _answer_from_json(reply) if structured else _answer_from_text(reply)
    return read if read.text is None else replace(read, text=_whole(read.text))


def read_grade(reply: str, offered: Iterable[str], *, structured: bool) -> ReadGrade:
    """What a judge replied. The last grade counts, since an earlier one may be echoed from what is graded."""
    read = (_grade_from_json if structured else _grade_from_text)(reply, list(offered))
    return replace(read, reason=_whole(read.reason))


def _answer_from_json(reply: str) -> ReadAnswer:
    found = last_object(reply)
    if found is None or set(found) != {"answer", "citations"}:
        return ReadAnswer(None, problem="the reply is no JSON object with answer and citations")
    text, citations = found["answer"], found["citations"]
    if not isinstance(citations, list) or any(type(number) is not int for number in citations):
        return ReadAnswer(None, problem="citations is no list of whole numbers")
    if text is None:
        return ReadAnswer(None)
    if not isinstance(text, str) or not text.strip():
        return ReadAnswer(None, problem="answer is neither text nor null")
    return ReadAnswer(text.strip(), tuple(dict.fromkeys(citations)))


def _answer_from_text(reply: str) -> ReadAnswer:
    form = re.fullmatch(r"\s*ANSWER:(.*)\n[ \t]*CITATIONS:([^\n]*)\s*", reply, re.DOTALL)
    if form is None:
        return ReadAnswer(None, problem="the reply does not have the form ANSWER: …, CITATIONS: …")
    text, cited = form[1].strip(), form[2].strip().rstrip(".")
    if text.rstrip(".").upper() == NOT_FOUND:
        return ReadAnswer(None)
    if not text:
        return ReadAnswer(None, problem="the answer is empty")
    if cited.lower() in ("none", "", "[]"):
        return ReadAnswer(text)
    if not re.fullmatch(r"\[?\d{1,6}\]?(?:(?:\s*,\s*|\s+|(?<=\])(?=\[))\[?\d{1,6}\]?)*", cited):
        return ReadAnswer(None, problem="CITATIONS: holds more than numbers")
    return ReadAnswer(text, tuple(dict.fromkeys(int(number) for number in re.findall(r"\d+", cited))))


def _grade_from_json(reply: str, offered: list[str]) -> ReadGrade:
    found = last_object(reply)
    if found is None or set(found) != {"reason", "grade"}:
        return ReadGrade(None, "", "the reply is no JSON object with reason and grade")
    reason = found["reason"] if isinstance(found["reason"], str) else ""
    if not isinstance(found["grade"], str) or found["grade"] not in offered:
        return ReadGrade(None, reason, f"a grade that was not offered: {str(found['grade'])[:40]!r}")
    return ReadGrade(found["grade"], reason)


def _grade_from_text(reply: str, offered: list[str]) -> ReadGrade:
    lines = list(re.finditer(r"^[ \t*_#>]*GRADE[ \t*_]*:[ \t*_\"'`(]*([^\n]*)$", reply, re.MULTILINE | re.IGNORECASE))
    if not lines:
        return ReadGrade(None, reply.strip(), "the reply has no line GRADE: …")
    reason = re.sub(r"^\s*REASON:\s*", "", reply[: lines[-1].start()]).strip()
    given = lines[-1][1].rstrip(" \t*_\"'`).")
    by_letter = {grade.upper(): grade for grade in offered}
    if given.upper() not in by_letter:
        return ReadGrade(None, reason, f"a grade that was not offered: {given[:40]!r}")
    return ReadGrade(by_letter[given.upper()], reason)


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can spell and no file can hold."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def last_object(text: str) -> dict[str, Any] | None:
    """The last JSON object that stands in a text by itself, not inside another; a repeated key has its last value.

    Servers that only promise a schema may put it into a code fence, or words before it.
    """
    decoder, at, found = json.JSONDecoder(), 0, None
    while (at := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError, ValueError):
            at += 1
            continue
        found = value
    return found
