"""Other people's formats -> a sealed golden set in a new folder; one file per format."""

from rag_sweeps.golden.importers.beir import import_beir
from rag_sweeps.golden.importers.chroma import import_chroma
from rag_sweeps.golden.importers.plain import import_jsonl
from rag_sweeps.golden.importers.squad import import_squad
from rag_sweeps.golden.importers.target import Imported

__all__ = ["Imported", "import_beir", "import_chroma", "import_jsonl", "import_squad"]
