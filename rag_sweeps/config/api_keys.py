"""Text -> the API keys in it, and the same text without them."""

from __future__ import annotations

import re

_KEY = re.compile(
    r"(?<![A-Za-z0-9_-])(?:sk-(?:ant|proj|or|svcacct)-[A-Za-z0-9_-]{4,}|sk-[A-Za-z0-9_-]{10,})"  # OpenAI, Anthropic
    r"|wandb_v\d+_[A-Za-z0-9_-]{4,}"
    r"|(?<![A-Za-z0-9])[0-9a-fA-F]{40}(?![A-Za-z0-9])"  # older W&B keys
)


def holds_api_key(text: str) -> bool:
    """Whether some part of the text looks like a key of OpenAI, Anthropic or W&B."""
    return _KEY.search(text) is not None


def hide_api_keys(text: str) -> str:
    """The text with every key replaced. Apply it before a text is cut: half a key no longer looks like one."""
    return _KEY.sub("(hidden key)", text)
