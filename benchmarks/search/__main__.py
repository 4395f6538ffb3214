"""`python -m benchmarks.search [--full]`."""

import argparse
import sys

from benchmarks.search.compare import run

parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="Replayed searches on measured grids.")
parser.add_argument("--full", action="store_true", help="more seeds, all methods (about ten minutes)")
parser.add_argument("--grid", action="append", default=[], help="only this grid; may be given several times")
parser.add_argument("--method", action="append", default=[], help="only this method; may be given several times")
arguments = parser.parse_args()
sys.exit(run(full=arguments.full, only_grids=arguments.grid, only_methods=arguments.method))
