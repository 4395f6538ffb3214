"""Errors of the OpenAI and Anthropic SDKs -> ours: who has to act, how long to wait, whether it may be billed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from rag_sweeps.config.api_keys import hide_api_keys
from rag_sweeps.errors import InputError, ProviderBusyError, ProviderFaultError, RagSweepsError, TrialError
from rag_sweeps.providers.endpoints import Endpoint

LONGEST_TEXT = 300
"""Characters of a provider's own words that a message quotes."""

_OUT_OF_MONEY = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error"}
_OVERLOADED = {"overloaded_error", "overloaded", "server_overloaded", "engine_overloaded", "rate_limit_error"}


@contextmanager
def translated_errors(endpoint: Endpoint, model: str, *, thing: str = "model") -> Iterator[None]:
    """Around one attempt; thing: what a 404 did not find. The foreign error is the cause unless it could show a key."""
    import httpx2

    sdk: Any = importlib.import_module("anthropic" if endpoint.provider == "anthropic" else "openai")
    try:
        yield
    except sdk.APIStatusError as error:
        ours = _of_status(error, endpoint, model, thing)
        raise ours from (None if _tells_key(error, endpoint) else error)
    except sdk.APITimeoutError as error:
        raise _of_connection(error, endpoint, model, "did not answer in time") from error
    except sdk.APIConnectionError as error:
        raise _of_connection(error, endpoint, model, "broke the connection") from error
    except httpx2.HTTPError as error:  # while a file is read, outside the SDK
        raise ProviderFaultError(f"{_named(endpoint, model)}: {endpoint.shown} broke the connection") from error
    except UnicodeEncodeError:  # without the cause: it holds the whole request
        raise TrialError(f"{_named(endpoint, model)}: the request holds characters that no text can have") from None


def _of_status(error: Any, endpoint: Endpoint, model: str, thing: str) -> RagSweepsError:
    status: int = error.status_code
    account = f"the account behind {endpoint.key_variable}"
    told, kinds = _told(error.body, endpoint)
    name = f"{_named(endpoint, model)} answered {status}"
    said = f"{name}: {told.rstrip('.')}" if told else name
    if status in (401, 403):
        return InputError(f"{name}: the key in {endpoint.key_variable} is not accepted for it at {endpoint.shown}")
    if status == 402 or kinds & _OUT_OF_MONEY:
        return InputError(f"{said}; {account} has no money left, add some")
    if status == 404:
        return InputError(f"{said}; no such {thing} at {endpoint.shown}, check its name")
    wait = retry_after_s(error.response.headers)
    if status in (429, 529) or (status == 503 and (kinds & _OVERLOADED or wait is not None)):
        return ProviderBusyError(said, retry_after_s=wait)
    if status >= 500 or status in (408, 409):
        return ProviderFaultError(said, billed=_may_be_billed(status, endpoint, from_api=bool(kinds)))
    return TrialError(said)


def _may_be_billed(status: int, endpoint: Endpoint, *, from_api: bool) -> bool:
    """OpenAI and Anthropic bill by the usage of a reply, and an error of theirs has none.

    A gateway before them knows nothing of what the model did, and nothing is known of a compatible server.
    """
    return not from_api or endpoint.provider == "compatible" or status == 504


def _of_connection(error: Any, endpoint: Endpoint, model: str, what: str) -> ProviderFaultError:
    """A request that was never sent is not billed; all others may be."""
    import httpx2

    name, cause = f"{_named(endpoint, model)}: {endpoint.shown}", error.__cause__
    if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)):
        why = quoted(str(cause), endpoint) or type(cause).__name__
        return ProviderFaultError(f"{name} cannot be reached ({why})", billed=False)
    return ProviderFaultError(f"{name} {what}", billed=True)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds from now that `retry-after-ms` or `retry-after` (seconds or an HTTP date) asks for; None without one."""
    for name, share in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / share
        except ValueError:
            continue
        if isfinite(seconds):
            return max(seconds, 0.0)
    try:
        then = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max((then - datetime.now(UTC)).total_seconds(), 0.0)


def _told(body: object, endpoint: Endpoint) -> tuple[str, set[str]]:
    """(the provider's own message, its codes) of an error body; empty where it is not one of the API's."""
    inner = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(inner, dict):
        return "", set()
    kinds = {value for name in ("code", "type") if isinstance(value := inner.get(name), str)}
    message = inner.get("message")
    return quoted(message, endpoint) if isinstance(message, str) else "", kinds


def quoted(text: str, endpoint: Endpoint) -> str:
    """A provider's words, short, on one line and without any key."""
    return " ".join(hide_api_keys(text.replace(endpoint.key, "(hidden key)")).split())[:LONGEST_TEXT]


def _tells_key(error: Any, endpoint: Endpoint) -> bool:
    return error.status_code in (401, 403) or endpoint.key in str(error) or hide_api_keys(str(error)) != str(error)


def _named(endpoint: Endpoint, model: str) -> str:
    return f"{endpoint.provider}:{model}"
