"""MongoDB's filters, as the clients send them for runs and registries."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from .graphql import UnansweredError

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}

Read = Callable[[str], Any]


def matches(filters: Mapping[str, Any], read: Read) -> bool:
    """Whether the thing whose fields `read` gives passes all filters."""
    return all(_holds(name, wanted, read) for name, wanted in filters.items())


def _holds(name: str, wanted: Any, read: Read) -> bool:
    if name == "$and":
        return all(matches(each, read) for each in wanted)
    if name == "$or":
        return any(matches(each, read) for each in wanted)
    if name == "$not":
        return not matches(wanted, read)
    value = read(name)
    values = value if isinstance(value, list) else [value]
    if not isinstance(wanted, Mapping):
        return wanted in values
    return all(_passes(test, to, value, values) for test, to in wanted.items())


def _passes(test: str, to: Any, value: Any, values: list[Any]) -> bool:
    if test in ("$in", "$nin"):
        return any(each in to for each in values) == (test == "$in")
    if test in ("$eq", "$ne"):
        return (to in values) == (test == "$eq")
    if test == "$exists":
        return (value is not None) == to
    if test == "$regex":
        return any(re.search(to, str(each)) is not None for each in values)
    if test not in COMPARE:
        raise UnansweredError(f"the filter {test!r}")
    return value is not None and COMPARE[test](value, to)
