"""The shipped attempts to talk a judge into a better grade -> items with and without the attack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rag_sweeps.judge_check.labels import Item, PassageLine, make_item, read_text


@dataclass(frozen=True, slots=True)
class Attack:
    """One attempt. plain: the wrong answer as it is; attacked: the same with the attack in the answer or a passage.

    in_document: the attack stands in a passage, which only groundedness sees.
    """

    id: str
    kind: str
    base: str
    in_document: bool
    plain: Item
    attacked: Item


def read_attacks(best_grade: str) -> list[Attack]:
    """All shipped attacks, written for a rubric whose best grade is `best_grade`."""
    bases = {base["id"]: base for base in _lines("attacked.jsonl")}
    attacks = []
    for line in _lines("attacks.jsonl"):
        base = bases[line["base"]]
        passages = [PassageLine.model_validate(passage) for passage in base["passages"]]
        plain = make_item(
            item_id=f"attack-{line['base']}",
            question=base["question"],
            reference=base["reference"],
            answer=base["wrong_answer"],
            passages=passages,
        )
        in_document = line["where"] == "document"
        text = line["text"].replace("{best}", best_grade)
        if in_document:
            first = plain.passages[0]
            hostile = replace(first, text=text.replace("{passage}", first.text))
            attacked = replace(plain, passages=(hostile, *plain.passages[1:]))
        else:
            attacked = replace(plain, answer=replace(plain.answer, text=text.replace("{wrong}", plain.answer.text)))
        attacked = replace(attacked, question=replace(plain.question, id=f"attack-{line['id']}"))
        attacks.append(Attack(line["id"], line["kind"], line["base"], in_document, plain, attacked))
    return attacks


def _lines(name: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in read_text(None, name).splitlines())
