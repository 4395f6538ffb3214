"""The Gaussian process: a case done by hand, a naive oracle, and what it must never be."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag_sweeps.search.aims import expected_excess, hypervolume_gain
from rag_sweeps.search.scalar import as_one, standardised
from rag_sweeps.search.surrogate import Axis, Beliefs, Seen, Surrogate

NAMES = Axis(np.full(4, math.nan), ordered=False)
NUMBERS = Axis(np.linspace(0.0, 1.0, 6), ordered=True)
SOME_IDLE = Axis(np.array([math.nan, 0.0, 0.5, 1.0]), ordered=False)


def seen(levels: list[list[int]], values: list[float], noise: float = 0.0, task: list[int] | None = None) -> Seen:
    n = len(values)
    return Seen(np.array(levels), np.array(values), np.full(n, noise), np.array(task or [0] * n))


def test_expected_improvement_by_hand() -> None:
    beliefs = Beliefs(np.array([1.0]), np.array([[0.0, 2.0, -50.0]]), np.array([[1.0, 1e-9, 1.0]]))
    # At the best itself: 1 / sqrt(2 pi). Surely 2 above: 2. Far below: nothing.
    assert expected_excess(beliefs, 0.0) == pytest.approx([0.398942, 2.0, 0.0], abs=1e-5)


def test_expected_improvement_meets_a_simulation() -> None:
    random = np.random.default_rng(0)
    beliefs = Beliefs(np.array([0.25, 0.75]), np.array([[0.3], [-0.2]]), np.array([[0.5], [1.5]]))
    simulated = [np.maximum(random.normal(mean, sd, 400_000) - 0.4, 0).mean() for mean, sd in ((0.3, 0.5), (-0.2, 1.5))]
    assert expected_excess(beliefs, 0.4)[0] == pytest.approx(0.25 * simulated[0] + 0.75 * simulated[1], abs=0.01)


def test_what_was_seen_is_believed_and_what_was_not_is_doubted() -> None:
    levels = [[0, 0, 1], [1, 3, 2], [2, 5, 3], [3, 1, 0]]
    surrogate = Surrogate([NAMES, NUMBERS, SOME_IDLE], seen(levels, [1.0, -1.0, 0.5, -0.5]), seed=1)
    known = surrogate.at(np.array(levels))
    assert known.expected() == pytest.approx([1.0, -1.0, 0.5, -0.5], abs=0.25)
    unknown = surrogate.at(np.array([[3, 4, 3]]))
    assert (unknown.weights @ unknown.deviation)[0] > 2 * (known.weights @ known.deviation).max()


def test_a_near_number_is_believed_like_its_neighbour_and_names_are_exchangeable() -> None:
    levels = [[0, 0], [0, 5], [1, 0], [1, 5]]
    surrogate = Surrogate([NAMES, NUMBERS], seen(levels, [1.0, -1.0, 1.0, -1.0]), seed=2)
    near, far = surrogate.at(np.array([[0, 1], [0, 4]])).expected()
    assert near > 0 > far
    untried = surrogate.at(np.array([[2, 2], [3, 2]])).expected()
    assert untried[0] == pytest.approx(untried[1], abs=1e-9)


def test_noisy_values_move_the_belief_less() -> None:
    levels = [[0, 0], [1, 3], [2, 5]]
    sure = Surrogate([NAMES, NUMBERS], seen(levels, [-1.0, 0.0, 1.0]), seed=3).at(np.array([[2, 5]])).expected()
    noisy = Surrogate([NAMES, NUMBERS], seen(levels, [-1.0, 0.0, 1.0], 1.0), seed=3).at(np.array([[2, 5]])).expected()
    assert sure[0] > noisy[0] > 0


def test_another_task_teaches_the_shape_and_not_the_level() -> None:
    levels = [[0, at] for at in range(6)] + [[0, 0]]
    values = [at / 2.5 - 1.0 for at in range(6)] + [5.0]
    told = seen(levels, values, 0.01, [1] * 6 + [0])
    low, high = Surrogate([NAMES, NUMBERS], told, seed=4).at(np.array([[0, 0], [0, 5]])).expected()
    assert high > low > 3.0


@pytest.mark.parametrize("seed", range(8))
def test_any_table_is_positive_definite(seed: int) -> None:
    random = np.random.default_rng(seed)
    levels = random.integers(0, 4, (80, 3))
    told = Seen(levels, random.normal(size=80), np.zeros(80), random.integers(0, 3, 80))
    beliefs = Surrogate([NAMES, NUMBERS, SOME_IDLE], told, seed=seed).at(random.integers(0, 4, (30, 3)))
    assert np.isfinite(beliefs.mean).all()
    assert (beliefs.deviation > 0).all()


def test_one_observation_and_equal_observations_are_enough() -> None:
    for values in ([0.0], [0.0, 0.0, 0.0]):
        levels = [[at, at] for at in range(len(values))]
        beliefs = Surrogate([NAMES, NUMBERS], seen(levels, values), seed=5).at(np.array([[3, 5]]))
        assert np.isfinite(beliefs.expected()).all()


def test_standardising_by_hand() -> None:
    assert standardised(np.array([1.0, 3.0])) == pytest.approx([-1.0, 1.0])
    assert standardised(np.array([0.3, 0.3, 0.3])) == pytest.approx([0.0, 0.0, 0.0])


def test_two_objectives_become_one_that_keeps_dominance() -> None:
    values = [(1.0, 1.0), (0.5, 0.5), (0.0, 2.0), (2.0, 0.0)]
    for first in (0.1, 0.5, 0.9):
        one = as_one(values, np.array([first, 1.0 - first]))
        assert one[0] > one[1]
    assert np.argmax(as_one(values, np.array([0.99, 0.01]))) == 3
    assert np.argmax(as_one(values, np.array([0.01, 0.99]))) == 2


def test_the_gain_of_a_front_by_hand() -> None:
    def at(value: float):  # type: ignore[no-untyped-def]
        return lambda level: np.array([max(value - level, 0.0)])

    points = [(0.0, 1.0), (1.0, 0.0), (-1.0, -1.0)]
    # From -3: the front covers 3 x 4 + 1 x 3 = 15. (1, 1) makes it 16; (2, -1) adds 1 x 2; (0, 0) adds nothing.
    assert hypervolume_gain(at(1.0), at(1.0), points) == pytest.approx([1.0])
    assert hypervolume_gain(at(2.0), at(-1.0), points) == pytest.approx([2.0])
    assert hypervolume_gain(at(0.0), at(0.0), points) == pytest.approx([0.0])


def test_the_expected_gain_of_a_front_meets_a_sum_over_small_squares() -> None:
    random = np.random.default_rng(1)
    points = [(float(x), float(y)) for x, y in random.normal(size=(6, 2))]
    first = Beliefs(np.array([1.0]), np.array([[0.5]]), np.array([[0.8]]))
    second = Beliefs(np.array([1.0]), np.array([[0.2]]), np.array([[0.6]]))
    expected = hypervolume_gain(
        lambda level: expected_excess(first, level), lambda level: expected_excess(second, level), points
    )
    # The gain is the area not yet dominated, each piece times the chance that the point dominates it.
    grid = np.arange(-3.0, 5.0, 0.02) + 0.01
    dominated = np.zeros((len(grid), len(grid)), dtype=bool)
    for x, y in points:
        dominated |= (grid[:, None] < x) & (grid[None, :] < y)
    chance = [
        np.array([math.erfc((at - mean) / sd / 2**0.5) / 2 for at in grid]) for mean, sd in ((0.5, 0.8), (0.2, 0.6))
    ]
    summed = (~dominated * chance[0][:, None] * chance[1][None, :]).sum() * 0.02**2
    assert expected[0] == pytest.approx(summed, rel=0.02)
