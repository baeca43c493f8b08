"""How well what is searched for is found, by collections of questions with known answers."""

from __future__ import annotations

import hashlib
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from search.hits.serving import ServedIndex
from search.queries.model import SearchQuery
from search.segments.building import build_segments
from search.segments.merging import head_of
from search.segments.model import SegmentDocument, Settings
from search.text.extraction import extract

from benchmarks.findings import Figure, Table
from benchmarks.public_collections import read_lines

FLOORS = {"stackfaq": 0.87, "xquad-en": 0.96, "xquad-de": 0.93, "xquad-zh": 0.96, "cran": 0.35}
_LOOKED_AT = 10
TITLE = "Relevance"


class Found(NamedTuple):
    """How a collection fared; `ms` is processor time a query, `share` the bytes that a search reads to the texts."""

    collection: str
    documents: int
    queries: int
    ndcg: float
    ms: float
    share: float


def ndcg(hits: Sequence[str], gains: Mapping[str, float]) -> float:
    """Normalized discounted cumulative gain of the first ten hits, with gains of 2^g - 1."""
    best = sorted(gains.values(), reverse=True)[:_LOOKED_AT]
    ideal = sum((2**gain - 1) / math.log2(at + 2) for at, gain in enumerate(best))
    reached = sum((2 ** gains.get(hit, 0) - 1) / math.log2(at + 2) for at, hit in enumerate(hits[:_LOOKED_AT]))
    return reached / ideal


def measure_collection(name: str, folder: Path) -> Found:
    """Index a collection, and put its queries."""
    rows = read_lines(folder, name)
    items = [
        SegmentDocument(
            row["doc"], _hash(row["text"]), extract(row["title"], row["text"], "text/plain"), row.get("language")
        )
        for row in rows
        if "doc" in row
    ]
    asked = [row for row in rows if "query" in row]
    with tempfile.TemporaryDirectory() as place:
        built = list(build_segments(items, (), Settings("src_1")))
        index = ServedIndex({"src_1": [head_of(each) for each in built]}, Path(place))
        began = time.process_time()
        hits = [[hit.item_id for hit in index.search(SearchQuery(row["text"]), _LOOKED_AT)] for row in asked]
        seconds = time.process_time() - began
    values = [ndcg(found, row["relevant"]) for found, row in zip(hits, asked, strict=True)]
    size = sum(len(part.encode()) for each in items for part in (each.text.title, each.text.text))
    share = sum(each.ref.head for each in built) / size
    return Found(name, len(items), len(asked), sum(values) / len(values), seconds / len(asked) * 1e3, share)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def judged(reached: Mapping[str, float]) -> list[Figure]:
    """Hold each collection against its floor."""
    return [
        Figure(f"relevance of {name}", FLOORS[name], value, "nDCG@10", at_least=True) for name, value in reached.items()
    ]


def table(found: Sequence[Found]) -> Table:
    """Lay out how the collections fared."""
    rows = [
        [
            each.collection,
            f"{each.documents:,}",
            f"{each.queries:,}",
            f"{each.ndcg:.3f}",
            f"{each.ms:.1f}",
            f"{each.share:.2f}",
        ]
        for each in found
    ]
    return Table(["collection", "documents", "queries", "nDCG@10", "CPU ms a query", "index to the texts"], rows, TITLE)
