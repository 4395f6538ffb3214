"""rag_sweeps: find the best RAG configuration for your own documents, and prove it, at the lowest cost."""

__version__ = "0.1.0"
