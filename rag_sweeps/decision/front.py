"""Rows + a second objective -> the Pareto front: no other is better in one and as good in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag_sweeps.decision.values import Goal, Row
from rag_sweeps.objective import metric_interval


def pareto(rows: Sequence[Row], *, second: tuple[str, Goal], goal: Goal) -> list[Row]:
    """Of comparable rows, the best in the second objective first. Of equal rows the first stands for all."""
    metric, second_goal = second
    sign = 1.0 if second_goal == "minimize" else -1.0
    price = {row.measured.number: sign * metric_interval(row.measured.dev, metric).mean for row in rows}
    return pareto_by_price([row for row in rows if row.comparable], price, goal=goal)


def pareto_by_price(rows: Sequence[Row], price: Mapping[int, float], *, goal: Goal) -> list[Row]:
    """price: number -> what less of is better; cheapest first."""
    sign = 1.0 if goal == "maximize" else -1.0
    front: list[Row] = []
    for row in sorted(rows, key=lambda row: (price[row.measured.number], -sign * row.value.mean)):
        if not front or sign * row.value.mean > sign * front[-1].value.mean:
            front.append(row)
    return front
