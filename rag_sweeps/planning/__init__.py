"""A sweep config and its golden set -> what the sweep will take, before anything is asked or spent."""

from rag_sweeps.planning.plan import Kept, Plan, plan_sweep
from rag_sweeps.planning.ranges import Line, Range

__all__ = ["Kept", "Line", "Plan", "Range", "plan_sweep"]
