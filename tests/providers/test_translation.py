"""How long a provider asks to wait, and what is quoted of its words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from rag_sweeps.providers.endpoints import Endpoint
from rag_sweeps.providers.translation import LONGEST_TEXT, quoted, retry_after_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
    ],
)
def test_waits(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_a_date_is_a_wait_from_now() -> None:
    then = datetime.now(UTC) + timedelta(hours=1)
    found = retry_after_s({"retry-after": format_datetime(then, usegmt=True)})
    assert found == pytest.approx(3600, abs=120)


def test_quoted_words_are_short_on_one_line_and_without_a_key() -> None:
    at = Endpoint("compatible", "http://localhost/v1", "my-own-key")
    text = quoted("a\n b my-own-key and sk-proj-0123456789 " + "x" * 999, at)
    assert text.startswith("a b (hidden key) and (hidden key) xxx")
    assert len(text) == LONGEST_TEXT
