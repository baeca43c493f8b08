"""What a query takes of the processor, beside bm25s and SQLite's FTS5 with the same texts and queries."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from search.hits.serving import ServedIndex
from search.queries.model import SearchQuery

from benchmarks.findings import Figure, Table
from benchmarks.search.corpus import documents, heads, queries, texts

LIMIT = 10
TITLE = "Processor time of a query"
_SEGMENTS = 8


class Asked(NamedTuple):
    """Milliseconds of the processor a query, by who answers; None where the package is missing."""

    items: int
    ours: float
    fts5: float
    bm25s: float | None
    build_us: float


def ask_all(items: int, count: int) -> Asked:
    """Index so many items in some segments and with the others, and put so many queries."""
    asked = queries(count, 99)
    with tempfile.TemporaryDirectory() as place:
        began = time.process_time()
        built = [each for seed in range(_SEGMENTS) for each in heads(documents(items // _SEGMENTS, seed + 1))]
        build = time.process_time() - began
        index = ServedIndex({"src_1": built}, Path(place))
        ours = _ms(asked, lambda query: index.search(SearchQuery(query), LIMIT))
    every = [pair for seed in range(_SEGMENTS) for pair in texts(items // _SEGMENTS, seed + 1)]
    return Asked(items, ours, _ask_fts5(every, asked), _ask_bm25s(every, asked), build / items * 1e6)


def _ask_fts5(every: Sequence[tuple[str, str]], asked: Sequence[str]) -> float:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE items USING fts5(title, text, content='', tokenize='porter unicode61')")
        database.executemany("INSERT INTO items(title, text) VALUES (?, ?)", every)
        statement = f"SELECT rowid FROM items WHERE items MATCH ? ORDER BY rank LIMIT {LIMIT}"
        return _ms(asked, lambda query: database.execute(statement, (" OR ".join(query.split()),)).fetchall())


def _ask_bm25s(every: Sequence[tuple[str, str]], asked: Sequence[str]) -> float | None:
    try:
        import bm25s
    except ImportError:
        return None
    model = bm25s.BM25()
    tokens = bm25s.tokenize([f"{title} {text}" for title, text in every], stopwords=None, show_progress=False)
    model.index(tokens, show_progress=False)

    def ask(query: str) -> Any:
        return model.retrieve(bm25s.tokenize(query, stopwords=None, show_progress=False), k=LIMIT, show_progress=False)

    return _ms(asked, ask)


def _ms(asked: Sequence[str], ask: Callable[[str], object]) -> float:
    for query in asked[:3]:
        ask(query)
    began = time.process_time()
    for query in asked:
        ask(query)
    return (time.process_time() - began) / len(asked) * 1e3


def stated(rows: Sequence[tuple[int, float | None, float]]) -> list[Figure]:
    """State the ratios to the others, by how many items there are: bm25s, FTS5."""
    figures = []
    for items, bm25s, fts5 in rows:
        for name, ratio in (("bm25s", bm25s), ("FTS5", fts5)):
            if ratio is not None:
                what = f"CPU of a query in {items:,} items, against {name}"
                figures.append(Figure(what, None, ratio, "x", counted=False))
    return figures


def table(asked: Sequence[Asked]) -> Table:
    """Lay out what queries took."""
    rows = [
        [
            f"{each.items:,}",
            f"{each.ours:.2f}",
            "-" if each.bm25s is None else f"{each.bm25s:.2f}",
            f"{each.fts5:.2f}",
            "-" if each.bm25s is None else f"{each.ours / each.bm25s:.2f}",
            f"{each.ours / each.fts5:.2f}",
            f"{each.build_us:.0f}",
        ]
        for each in asked
    ]
    heads_ = ["items", "ms", "bm25s ms", "FTS5 ms", "ratio to bm25s", "ratio to FTS5", "µs to build, an item"]
    return Table(heads_, rows, TITLE)
