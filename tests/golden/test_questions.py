from __future__ import annotations

import json

import pytest

from rag_sweeps.golden.problems import Problem
from rag_sweeps.golden.questions import WrittenQuestion, parse_questions


def parse(text: str) -> tuple[list[WrittenQuestion], list[str]]:
    problems: list[Problem] = []
    return parse_questions("q.jsonl", text, problems), [str(problem) for problem in problems]


def with_evidence(**item: object) -> str:
    return json.dumps({"question": "?", "evidence": [{"document": "a", "quote": "x", **item}]})


def test_ids_come_from_line_numbers_and_null_is_absent() -> None:
    line = '{"id": null, "question": "?", "answer": null, "evidence": null, "tags": null, "split": null}'
    questions, problems = parse(f'\n{{"question": "?"}}\r\n{line}\n')
    assert problems == []
    assert [question.id for question in questions] == ["q0002", "q0003"]
    assert [question.split for question in questions] == ["dev", "dev"]


def test_reference_answer_is_an_alias_of_answer() -> None:
    line = '{"question": "?", "reference_answer": "yes", "evidence": [{"document": "a", "quote": "x"}]}'
    assert parse(line)[0][0].answer == "yes"
    assert "both" in parse(line.replace('"question"', '"answer": "no", "question"'))[1][0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": ""}', "'question' is empty"),
        ("{}", "'question' is missing; add it"),
        ('{"question": "?", "id": ""}', "'id' is empty"),
        ('{"question": "?", "id": 7}', "'id' is 7; write a string"),
        ('{"question": "?", "tag": []}', "unknown key 'tag'; did you mean 'tags'?"),
        ('{"question": "?", "tags": "x"}', "'tags' is \"x\"; write a list"),
        ('{"question": "?", "tags": [1]}', "'tags[0]' is 1; write a string"),
        ('{"question": "?", "split": "train"}', "'split' is 'train'; write 'dev' or 'test'"),
        ('{"question": "?", "answer": " "}', "'answer' is empty; write the answer, or null"),
        ('{"question": "?", "answer": "x"}', "has an answer but no evidence; add evidence or set answer to null"),
        ('{"question": "?", "evidence": ["x"]}', "'evidence[0]' is \"x\"; write an object"),
        (with_evidence(begin=1), "unknown key 'evidence[0].begin'"),
        (with_evidence(strt=1), "unknown key 'evidence[0].strt'; did you mean 'start'?"),
        (with_evidence(start=True, end=3), "'evidence[0].start' is True; write a whole number"),
        (with_evidence(start=1.0, end=3), "'evidence[0].start' is 1.0; write a whole number"),
        (with_evidence(start=-1, end=3), "evidence[0]: start is -1; offsets count from 0"),
        (with_evidence(start=3, end=3), "evidence[0]: start 3 is not before end 3"),
        (with_evidence(start=3), "evidence[0]: has only one of start and end"),
        (with_evidence(quote=" \n"), "evidence[0]: 'quote' is empty"),
        ('{"question": NaN}', "holds NaN, which is not JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"question": "?"', "is not JSON"),
    ],
)
def test_a_bad_line_is_located_and_explained(line: str, said: str) -> None:
    questions, problems = parse('{"question": "fine"}\n' + line)
    assert len(questions) == 1
    assert len(problems) == 1
    assert problems[0].startswith(f"q.jsonl:2: {said}")


def test_an_id_that_is_there_twice_is_an_error() -> None:
    problems = parse('{"question": "?", "id": "q0002"}\n{"question": "?"}')[1]
    assert problems == ["q.jsonl:2: question id 'q0002' is also on line 1; rename one"]


def test_no_questions_are_an_error() -> None:
    assert "has no questions" in parse("\n \n")[1][0]
