"""Nobody waits longer for W&B than the limit says, and what went wrong inside is said outside."""

from __future__ import annotations

import threading

import pytest

from rag_sweeps.errors import InputError
from rag_sweeps.tracking.server import ServerDownError
from rag_sweeps.tracking.time_limit import within


def test_what_the_body_returns_is_returned() -> None:
    assert within(60, lambda: {"a": 1}, what="answer") == {"a": 1}
    assert within(60, lambda: None, what="answer") is None


def test_a_body_that_hangs_is_left_behind() -> None:
    end = threading.Event()
    with pytest.raises(ServerDownError, match=r"W&B did not write the report within 0 s"):
        within(0.05, lambda: end.wait(60), what="write the report")
    end.set()


def test_an_error_of_ours_stays_what_it_is() -> None:
    def refuse() -> None:
        raise InputError("no such registry")

    with pytest.raises(InputError, match="no such registry"):
        within(60, refuse, what="link")


def test_any_other_error_is_one_message() -> None:
    def fail() -> None:
        raise KeyError("upsertView")

    with pytest.raises(ServerDownError, match="W&B did not write the report: 'upsertView'"):
        within(60, fail, what="write the report")
