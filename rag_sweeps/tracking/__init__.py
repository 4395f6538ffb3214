"""TrialResult -> W&B: runs, tables and artifacts. The local store is written first and is the truth."""
