"""The ledger: what every call of a sweep may cost and did cost, shared by all its workers, and the cap on it."""

from rag_sweeps.ledger.book import CostAboveWorstCaseWarning, Ledger
from rag_sweeps.ledger.entries import Entry, Spending
from rag_sweeps.ledger.reading import spent_usd

__all__ = ["CostAboveWorstCaseWarning", "Entry", "Ledger", "Spending", "spent_usd"]
