"""Tests of rag_sweeps.config."""
