"""A document's name as an author writes it -> its number in the corpus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rag_sweeps.golden.documents import FOLDER, SUFFIXES
from rag_sweeps.golden.problems import MAX_SHOWN, suggest_name
from rag_sweeps.records import Document


class DocumentNames:
    """Resolves `fees.md`, `documents/fees.md` and, where only one document can be meant, `fees`."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._numbers = {document.id: number for number, document in enumerate(documents)}
        self._stems: dict[str, list[str]] = defaultdict(list)
        for document in documents:
            for suffix in SUFFIXES:
                if document.id.lower().endswith(suffix):
                    self._stems[document.id[: -len(suffix)]].append(document.id)
        self._misses: dict[str, str] = {}

    def resolve(self, name: str) -> int | None:
        """The number of the document; None where there is none, or where two could be meant."""
        for candidate in (name, name.removeprefix(f"{FOLDER}/")):
            if candidate in self._numbers:
                return self._numbers[candidate]
            if len(ids := self._stems.get(candidate, [])) == 1:
                return self._numbers[ids[0]]
        return None

    def explain_miss(self, name: str) -> str:
        """Why `resolve` found nothing, with the names that may be meant."""
        if name not in self._misses:
            ids = self._stems.get(name.removeprefix(f"{FOLDER}/"), [])
            if ids:
                self._misses[name] = f"document {name!r} may be {' or '.join(map(repr, ids))}; write the suffix"
            else:
                # Comparing a name with thousands of others is slow, and only the first problems are shown.
                hint = suggest_name(name, self._numbers) if len(self._misses) < MAX_SHOWN else ""
                self._misses[name] = f"document {name!r} does not exist, nor is the quote in another one{hint}"
        return self._misses[name]
