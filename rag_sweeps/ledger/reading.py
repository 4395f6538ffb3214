"""What a sweep was billed, for whoever shows it; a sweep that asks no provider has no ledger and makes none."""

from __future__ import annotations

import os

from rag_sweeps.ledger.book import Ledger
from rag_sweeps.ledger.database import VARIABLE
from rag_sweeps.store.files import home


def spent_usd(sweep_id: str) -> float:
    """Dollars, calls in flight that were never heard of again at their worst case. 0 where there is no ledger."""
    if not os.environ.get(VARIABLE) and not (home() / "ledger.sqlite").is_file():
        return 0.0
    ledger = Ledger()
    try:
        return ledger.spent(sweep_id) + ledger.held(sweep_id)
    finally:
        ledger.close()
