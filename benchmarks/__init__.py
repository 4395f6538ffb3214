"""Measurements of rag_sweeps against published numbers and against other tools; `python -m benchmarks` lists them."""
