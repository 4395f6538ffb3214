"""Environment and arguments -> where a provider is reached and with which key, checked before anything is sent."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rag_sweeps.errors import InputError
from rag_sweeps.parameters import PROVIDERS

KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "compatible": "COMPATIBLE_API_KEY"}
_ADDRESS_VARIABLES = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL"}
_ADDRESSES = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
_NO_KEY = "no-key-needed"
"""Sent where a compatible server has no key: the SDK refuses to send none."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`key` never appears in a text of this object. shown: the address without anything that could be secret."""

    provider: str
    address: str
    key: str = field(repr=False)

    @property
    def shown(self) -> str:
        return shown_address(self.address)

    @property
    def key_variable(self) -> str:
        return KEY_VARIABLES[self.provider]


def split_model(model: str) -> tuple[str, str]:
    """`openai:x` -> (openai, x). Raises InputError for anything else; the bare name may hold colons."""
    provider, _, name = model.partition(":")
    if provider not in PROVIDERS or not name.strip():
        raise InputError(
            f"model {model!r} has no provider; write one of {', '.join(f'{p}:<model>' for p in PROVIDERS)}"
        )
    return provider, name


def missing_key(model: str) -> str | None:
    """Name of the environment variable this model needs and that is not set, or None."""
    provider, _ = split_model(model)
    variable = KEY_VARIABLES[provider]
    return None if provider == "compatible" or os.environ.get(variable, "").strip() else variable


def open_endpoint(provider: str, base_url: str = "") -> Endpoint:
    """base_url: of a compatible server; the others never see it, and it never sees their keys.

    Raises InputError for a bad address, a missing or bad key.
    """
    address = base_url
    if provider != "compatible":
        address = os.environ.get(_ADDRESS_VARIABLES[provider]) or _ADDRESSES[provider]
    if not address:
        raise InputError("a compatible model has no address; set compatible_base_url: {value: http://…/v1}")
    _check_address(address)
    return Endpoint(provider, address, _key(provider))


def _key(provider: str) -> str:
    variable = KEY_VARIABLES[provider]
    key = os.environ.get(variable, "").strip()
    if not key and provider == "compatible":
        return _NO_KEY
    if not key:
        raise InputError(f"{variable} is not set; export the key of your {provider} account under this name")
    if not (key.isascii() and key.isprintable()) or " " in key:
        # Such a key would end up, whole, in the HTTP client's error message.
        raise InputError(f"{variable} holds characters that no key has; export it again without quotes or line breaks")
    return key


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise InputError("the address of the server is not a URL; write it as http://host:port/v1") from None
    if "@" in parts.netloc:
        raise InputError(
            f"the address {shown_address(address)} holds a login before its host; remove it and put the key into "
            "the environment"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{shown_address(address)} is not the address of a server; write it as http://host:port/v1")


def shown_address(address: str) -> str:
    """Scheme, host, port and path: no login, no query."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/") if host else address.partition("?")[0]
