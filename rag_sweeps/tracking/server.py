"""Settings of the environment -> a W&B server that answers, or one message within seconds.

Every call has a time limit. Who cannot be reached is a ServerDownError, and the sweep goes on without; what the
user has to mend (key, entity, name of a sweep) is an InputError.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_sweeps.config.api_keys import hide_api_keys
from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.tracking.limits import ANSWER_SECONDS, limit_wandb

if TYPE_CHECKING:
    import wandb

PROJECT = "rag-sweeps"
REFUSALS = {401, 403}
REFUSING = ("not found", "ermission denied", "API key must", "API key is")
"""What W&B says where its error carries no status."""


class ServerDownError(TrialError):
    """W&B did not answer, or not in time; what was measured is kept and sent later."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a sweep's runs go: a server, an entity and a project of it."""

    base_url: str
    entity: str
    project: str

    def __str__(self) -> str:
        return f"{self.entity}/{self.project}"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answered."""

    address: Address
    api: wandb.Api

    def call(self, query: str, variables: Mapping[str, Any], *, what: str, timeout_s: float = ANSWER_SECONDS) -> Any:
        """One GraphQL call. Raises what `translated` raises."""
        with translated(what):
            return self.api._service_api.execute_graphql(query, variables=variables, timeout=timeout_s)


def connect(*, entity: str | None = None, project: str | None = None, timeout_s: int = ANSWER_SECONDS) -> Server:
    """Log in and find out where runs go. Raises InputError and ServerDownError."""
    limit_wandb()
    import wandb

    with translated("log in"):
        api = wandb.Api(timeout=timeout_s)
        whose = entity or os.environ.get("WANDB_ENTITY") or api.settings["entity"] or api.default_entity
    if not whose:
        raise InputError("W&B knows no entity for this key; set WANDB_ENTITY to your user or team name")
    where = project or os.environ.get("WANDB_PROJECT") or PROJECT
    return Server(Address(str(api.settings["base_url"]), str(whose), where), api)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """W&B's errors -> ours; `what` was being done."""
    import wandb
    from wandb.sdk.lib.service.service_connection import WandbApiFailedError

    try:
        yield
    except (WandbApiFailedError, wandb.errors.Error, OSError, TimeoutError, ValueError) as error:
        status, reason = status_of(error), _reason(error)
        if status in REFUSALS or (status is None and any(word in reason for word in REFUSING)):
            remedy = "check WANDB_API_KEY, WANDB_ENTITY and WANDB_PROJECT, or wandb login --relogin"
            raise InputError(f"W&B refused to {what}: {reason}; {remedy}") from error
        if status is not None and 400 <= status < 429 and status != 408:
            raise InputError(f"W&B refused to {what}: {reason}") from error
        raise ServerDownError(f"W&B did not {what}: {reason}") from error


def _reason(error: BaseException) -> str:
    """W&B's message in one line: of many attempts the last reason, and never a key."""
    text = hide_api_keys(" ".join(str(error).split()))
    if "did not respond in time" in text:
        return f"no answer within {ANSWER_SECONDS} s"
    for end in ("connection refused", "no such host", "connection reset by peer", "deadline exceeded"):
        if end in text:
            return end if len(text) > 150 else text
    return text[:300]


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status at the root of one of W&B's errors."""
    from wandb.sdk.lib.service.service_connection import WandbApiFailedError

    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, WandbApiFailedError) and error.response is not None and error.response.http_status:
            return int(error.response.http_status)
        error = error.__cause__ or error.__context__ or getattr(error, "exc", None)
    return None
