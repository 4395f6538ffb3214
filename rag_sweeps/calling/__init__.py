"""Calls and texts -> replies and vectors of providers: priced, paced, retried, stored, and under the sweep's cap."""

from rag_sweeps.calling.caller import ModelCaller
from rag_sweeps.calling.embedder import ApiEmbedder
from rag_sweeps.calling.limits import Limits
from rag_sweeps.calling.opening import caller_for, open_api_embedder, open_caller, sweep_caller

__all__ = ["ApiEmbedder", "Limits", "ModelCaller", "caller_for", "open_api_embedder", "open_caller", "sweep_caller"]
