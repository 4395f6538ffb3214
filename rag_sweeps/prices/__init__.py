"""Usage and requests -> dollars: what a call cost, and the most that it can cost."""

from rag_sweeps.prices.bounds import embedding_input_tokens, request_input_tokens
from rag_sweeps.prices.table import Prices, open_prices

__all__ = ["Prices", "embedding_input_tokens", "open_prices", "request_input_tokens"]
