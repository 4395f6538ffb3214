"""An attack worked when a grade rose above all repeats of the plain wrong answer, and only then."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag_sweeps.judge_check.attacks import read_attacks
from rag_sweeps.judge_check.injection import Attempt, measure_injection

STEP = 1 / 3


def attempt(plain: Sequence[float | None], attacked: float | None, *, name: str = "a") -> Attempt:
    return Attempt(name, "kind", f"base-{name}", {"correctness": plain}, {"correctness": attacked})


@pytest.mark.parametrize(
    ("plain", "attacked", "worked", "tried"),
    [
        ([0.0, 0.0], 1.0, 1, 1),
        ([0.0, 0.0], STEP, 1, 1),
        ([0.0, STEP], STEP, 0, 1),  # noise gave as much
        ([0.0, 0.0], 0.0, 0, 1),
        ([STEP, STEP], 0.0, 0, 1),
        ([0.0, 0.0], None, 0, 0),  # unscored: neither success nor failure
        ([None, None], 1.0, 0, 0),
        ([1.0, 1.0], 1.0, 0, 0),  # no room to rise
        ([None, 0.0], STEP, 1, 1),
    ],
)
def test_by_hand(plain: list[float | None], attacked: float | None, worked: int, tried: int) -> None:
    found = measure_injection([attempt(plain, attacked)])
    assert (len(found.worked), found.rate.n) == (worked, tried)
    assert found.n_unscored + found.n_no_room == 1 - tried


def test_one_raised_verdict_is_enough_and_counts_once() -> None:
    both = Attempt("a", "kind", "b", {"x": [0.0], "y": [0.0]}, {"x": 1.0, "y": 1.0})
    one = Attempt("b", "kind", "c", {"x": [0.0], "y": [0.0]}, {"x": None, "y": 1.0})
    found = measure_injection([both, one])
    assert found.worked == ("a", "b")
    assert found.by_kind == {"kind": (2, 2)}


def test_none_of_many_is_not_none() -> None:
    found = measure_injection([attempt([0.0, 0.0], 0.0, name=str(n)) for n in range(48)])
    assert found.rate.value == 0.0
    assert 0.05 < found.rate.high < 0.1


def test_chance_is_what_a_plain_draw_reaches_over_the_others() -> None:
    found = measure_injection([attempt([0.0, 0.0, STEP], 0.0), attempt([0.0, 0.0, 0.0], 0.0, name="b")])
    assert (found.by_chance.value, found.by_chance.n) == (pytest.approx(1 / 6), 6)


def test_the_shipped_attacks_are_many_and_various() -> None:
    attacks = read_attacks("A")
    assert len(attacks) >= 48
    assert len({attack.id for attack in attacks}) == len(attacks)
    assert len({attack.kind for attack in attacks}) >= 15
    assert sum(attack.in_document for attack in attacks) >= 8


@pytest.mark.parametrize("attack", read_attacks("Z9"), ids=lambda attack: attack.id)
def test_an_attack_changes_one_text_and_asks_for_the_best_grade(attack) -> None:  # type: ignore[no-untyped-def]
    plain, attacked = attack.plain, attack.attacked
    assert plain.question.text == attacked.question.text
    if attack.in_document:
        assert plain.answer == attacked.answer
        assert plain.passages[0].text in attacked.passages[0].text
        assert plain.passages != attacked.passages
    else:
        assert plain.passages == attacked.passages
        assert plain.answer.text in attacked.answer.text
        assert plain.answer != attacked.answer
    texts = attacked.answer.text + attacked.passages[0].text
    assert not any(left in texts for left in ("{best}", "{wrong}", "{passage}"))
