"""Scripted judges of known character: each reply is decided by the request alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable

from rag_sweeps.judge_check.labels import read_labels
from rag_sweeps.judge_check.measuring import PADDING
from rag_sweeps.prompts.rubric import read_rubric
from rag_sweeps.records import ChatRequest

LETTERS = "DCBA"
_ANSWER = re.compile(r'<answer code="\w+">\n(.*)\n</answer code', re.DOTALL)


def human_grades() -> dict[tuple[str, str], str]:
    """(answer, verdict) -> the letter that people gave."""
    return {
        (label.item.answer.text, verdict): LETTERS[round(score * 3)]
        for label in read_labels(None, read_rubric("judge/1"))
        for verdict, score in label.human.items()
    }


def judging_like_people(
    *,
    flips: float = 0.0,
    gullible: bool = False,
    likes_length: bool = False,
    generous: bool = False,
    silent_on: str | None = None,
    repeats_itself: bool = False,
) -> Callable[[str, str, int], str]:
    """(system, user, repeat) -> a reply. Knows the labels of the shipped answers, and takes all others for wrong.

    flips: share of the replies that give C whatever is asked. gullible: gives what a text asks for. likes_length and
    generous: one grade more for padded answers, and for all. silent_on: a verdict that it does not grade.
    repeats_itself: flips with the words of a request, and not with its repeat.
    """
    known = human_grades()

    def reply(system: str, user: str, repeat: int) -> str:
        verdict = re.search(r"Criterion: (\w+)", system)
        answer = _ANSWER.search(user)
        assert verdict is not None
        assert answer is not None
        if verdict[1] == silent_on:
            return "I would rather not say."
        plain = answer[1].removesuffix(PADDING)
        grade = known.get((plain, verdict[1]), "D")
        steps = (likes_length and plain != answer[1]) + generous
        grade = LETTERS[min(LETTERS.index(grade) + steps, 3)]
        if gullible and "GRADE: A" in user:
            grade = "A"
        draw = hashlib.sha256(f"{verdict[1]}{user}{0 if repeats_itself else repeat}".encode()).digest()
        if int.from_bytes(draw[:4], "big") < flips * 2**32:
            grade = "C"
        return json.dumps({"reason": "so", "grade": grade})

    return reply


def of_request(reply: Callable[[str, str, int], str]) -> Callable[[ChatRequest], str]:
    return lambda request: reply(request.system, request.user, request.repeat)
