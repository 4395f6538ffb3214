"""Values -> text that is safe inside the page's HTML."""

from __future__ import annotations

import json
import re

_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def to_json(value: object) -> str:
    """JSON that no HTML parser can leave: < > & and both Unicode line separators are escaped.

    Raises ValueError for NaN: missing is null. Lone surrogates, which UTF-8 cannot hold, are escaped too.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def encodable(html: str) -> str:
    """Lone surrogates become U+FFFD, so that the page can be written as UTF-8."""
    return _SURROGATES.sub("\ufffd", html)
