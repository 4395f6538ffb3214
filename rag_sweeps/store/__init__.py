"""Everything that survives a process: cached vectors and rankings, trial results, the log of a sweep."""
