"""Reservations and settlements: no call starts whose worst case could pass the cap of its sweep."""

from __future__ import annotations

import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from rag_sweeps.errors import CapReachedError
from rag_sweeps.ledger.database import Database
from rag_sweeps.ledger.entries import Entry, Spending, entry_of
from rag_sweeps.ledger.inserting import insert_missing
from rag_sweeps.ledger.nano_dollars import MOST, nano_above, nano_below, nearest_nano, to_usd
from rag_sweeps.ledger.pacing import take_turn
from rag_sweeps.ledger.tables import CALLS, TOTALS
from rag_sweeps.records import Purpose, Usage

# Statements are built once: SQLAlchemy takes longer to build one than to run it.
_HOLD = (
    update(TOTALS)
    .where(
        TOTALS.c.sweep_id == bindparam("sweep"),
        TOTALS.c.spent_nano_usd + TOTALS.c.held_nano_usd <= bindparam("most_before"),
    )
    .values(held_nano_usd=TOTALS.c.held_nano_usd + bindparam("worst"))
)
_RELEASE = (
    update(TOTALS)
    .where(TOTALS.c.sweep_id == bindparam("sweep"))
    .values(
        spent_nano_usd=TOTALS.c.spent_nano_usd + bindparam("more_spent"),
        held_nano_usd=TOTALS.c.held_nano_usd - bindparam("less_held"),
    )
)
_OPEN_CALL = insert(CALLS).returning(CALLS.c.id)
_ADD_CALL = insert(CALLS)
_CHANGE_CALL = update(CALLS).where(CALLS.c.id == bindparam("call"))
_LOCK_CALL = select(CALLS).where(CALLS.c.id == bindparam("call")).with_for_update()

_ROWS_PER_READ = 1000
_MAX_REASON_CHARS = 500


class CostAboveWorstCaseWarning(UserWarning):
    """A call cost more than was reserved for it: its price is out of date, or its provider counts in another way."""


class Ledger:
    """The ledger at an address: RAG_SWEEPS_LEDGER, or a file in the home. For any number of threads and processes.

    A worker that is killed leaves its reservations held, at their worst case: what it had asked for may be billed.
    Raises InputError where the ledger cannot be opened, TrialError where it fails later.
    """

    def __init__(self, url: str | None = None) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Let go of the database; nothing open is changed. Forgetting the ledger does the same."""
        self._database.close()

    def reserve(
        self,
        *,
        sweep_id: str,
        budget_usd: float | None,
        worst_usd: float,
        provider: str,
        model: str,
        purpose: Purpose,
        trial_id: str,
        question_id: str,
    ) -> int:
        """The number of a reservation. Raises CapReachedError where spent + held + worst_usd would pass the budget,
        with `may_pass` where that is for what is held alone.
        """
        worst = nano_above(worst_usd)
        most = MOST if budget_usd is None else nano_below(budget_usd)
        with self._database.writing() as connection:
            # One statement checks and holds: it locks the sweep's row, and sees what others committed before it.
            # A call that cannot cost anything always fits, also where a call before it cost more than it might.
            hold = {"sweep": sweep_id, "most_before": most - worst if worst else MOST, "worst": worst}
            is_held = connection.execute(_HOLD, hold).rowcount == 1
            if not is_held:  # perhaps there is no row yet
                insert_missing(connection, TOTALS, {"sweep_id": sweep_id, "spent_nano_usd": 0, "held_nano_usd": 0})
                is_held = connection.execute(_HOLD, hold).rowcount == 1
            if not is_held:
                spent, open_now = _totals(connection, sweep_id)
                may_pass = open_now > 0 and spent + worst <= most
                raise CapReachedError(_cap_text(budget_usd, spent, open_now, worst_usd), may_pass=may_pass)
            usage = Usage(provider, model, purpose, input_tokens=0)
            row = _row(sweep_id, trial_id, question_id, usage) | {"state": "reserved", "worst_nano_usd": worst}
            return int(connection.execute(_OPEN_CALL, row).scalar_one())

    def settle(self, reservation: int, *, usage: Usage, usd: float) -> None:
        """What a reserved call did take and cost. Of two settlements of one call the first counts."""
        nano = nearest_nano(usd)
        with self._database.writing() as connection:
            row = _locked(connection, reservation)
            if row.state == "settled":
                return
            self._close(connection, row, nano, {**_tokens(usage), "state": "settled", "reason": ""})
        if nano > row.worst_nano_usd:
            text = (
                f"{usage.provider}:{usage.model} cost {usd:.9f} dollars, and {to_usd(row.worst_nano_usd):.9f} were held"
            )
            warnings.warn(f"{text} for it; check its price", CostAboveWorstCaseWarning, stacklevel=2)

    def give_up(self, reservation: int, *, reason: str, billed: bool) -> None:
        """A reserved call that brought nothing. billed: it may have been charged, and counts at its worst case."""
        with self._database.writing() as connection:
            row = _locked(connection, reservation)
            if row.state == "reserved":
                nano = row.worst_nano_usd if billed else 0
                self._close(connection, row, nano, {"state": "given_up", "reason": reason[:_MAX_REASON_CHARS]})

    def note_cached(self, *, sweep_id: str, usage: Usage, trial_id: str, question_id: str) -> None:
        """A reply that the store had: 0 dollars now; the tokens are those of the call it was made with."""
        row = _row(sweep_id, trial_id, question_id, usage) | {"state": "cached", "from_cache": True}
        with self._database.writing() as connection:
            connection.execute(_ADD_CALL, row)

    def turn(
        self, provider: str, *, tokens: int, requests_per_minute: int | None, tokens_per_minute: int | None
    ) -> float:
        """Seconds until a call of so many tokens may start, 0 without limits. The turn is taken: wait, then call."""
        if requests_per_minute is None and tokens_per_minute is None:
            return 0.0
        with self._database.writing() as connection:
            return take_turn(
                connection,
                provider,
                tokens=tokens,
                requests_per_minute=requests_per_minute,
                tokens_per_minute=tokens_per_minute,
            )

    def spent(self, sweep_id: str) -> float:
        """Dollars of settled calls, and of those given up at what they may have cost."""
        with self._database.reading() as connection:
            return to_usd(_totals(connection, sweep_id)[0])

    def held(self, sweep_id: str) -> float:
        """Dollars of open reservations, at their worst case."""
        with self._database.reading() as connection:
            return to_usd(_totals(connection, sweep_id)[1])

    def entries(self, sweep_id: str) -> Iterator[Entry]:
        """Every call of a sweep, in the order they were reserved."""
        last = 0
        while True:
            wanted = select(CALLS).where(CALLS.c.sweep_id == sweep_id, CALLS.c.id > last).order_by(CALLS.c.id)
            with self._database.reading() as connection:
                rows = connection.execute(wanted.limit(_ROWS_PER_READ)).all()
            yield from map(entry_of, rows)
            if len(rows) < _ROWS_PER_READ:
                return
            last = rows[-1].id

    def by_provider(self, sweep_id: str) -> dict[str, dict[str, Spending]]:
        """provider -> purpose -> what it took, open reservations left out."""
        cached = case((CALLS.c.state == "cached", 1), else_=0)
        columns = (
            func.sum(CALLS.c.nano_usd).label("nano"),
            func.sum(1 - cached).label("calls"),
            func.sum((CALLS.c.input_tokens + CALLS.c.output_tokens) * (1 - cached)).label("tokens"),
            func.sum(cached).label("cached"),
        )
        keys = (CALLS.c.provider, CALLS.c.purpose)
        wanted = select(*keys, *columns).where(CALLS.c.sweep_id == sweep_id, CALLS.c.state != "reserved")
        table: dict[str, dict[str, Spending]] = defaultdict(dict)
        with self._database.reading() as connection:
            for row in connection.execute(wanted.group_by(*keys).order_by(*keys)):
                found = Spending(to_usd(int(row.nano)), int(row.calls), int(row.tokens), int(row.cached))
                table[row.provider][row.purpose] = found
        return dict(table)

    @staticmethod
    def _close(connection: Connection, row: Any, nano: int, values: dict[str, Any]) -> None:
        """A call comes to its end: its row, and what the sweep's totals change by."""
        connection.execute(_CHANGE_CALL, {"call": row.id, **values, "nano_usd": nano, "at": time.time()})
        held = row.worst_nano_usd if row.state == "reserved" else 0
        connection.execute(_RELEASE, {"sweep": row.sweep_id, "more_spent": nano - row.nano_usd, "less_held": held})


def _locked(connection: Connection, reservation: int) -> Any:
    row = connection.execute(_LOCK_CALL, {"call": reservation}).one_or_none()
    if row is None or row.state == "cached":
        raise LookupError(f"the ledger has no reservation {reservation}")
    return row


def _totals(connection: Connection, sweep_id: str) -> tuple[int, int]:
    row = connection.execute(select(TOTALS).where(TOTALS.c.sweep_id == sweep_id)).one_or_none()
    return (row.spent_nano_usd, row.held_nano_usd) if row is not None else (0, 0)


def _row(sweep_id: str, trial_id: str, question_id: str, usage: Usage) -> dict[str, Any]:
    names = {"sweep_id": sweep_id, "trial_id": trial_id, "question_id": question_id}
    whom = {"provider": usage.provider, "model": usage.model, "purpose": usage.purpose}
    money = {"worst_nano_usd": 0, "nano_usd": 0, "reason": "", "at": time.time()}
    return {**names, **whom, **money, **_tokens(usage)}


def _tokens(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "batch": usage.batch,
        "from_cache": usage.from_cache,
        "latency_s": usage.latency_s,
    }


def _cap_text(budget_usd: float | None, spent: int, held: int, worst_usd: float) -> str:
    cap = "the ledger's largest sum" if budget_usd is None else f"budget_usd {budget_usd:g}"
    used = f"{to_usd(spent):.6f} dollars are spent and {to_usd(held):.6f} held for calls that are open"
    return f"{cap} is reached: {used}, and the next call may cost {worst_usd:.6f}; raise budget_usd to go on"
