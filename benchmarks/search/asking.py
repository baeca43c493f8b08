"""What a search asks of AWS: calls, units and bytes of POST /v1/search, cold and warm, and the price of a million.

The function is the real one, on Dynoxide and moto, with as many calls side by side as in production. How long it takes
on AWS is estimated: its processor time here, without moto's, a wait for each of its calls that follow one another, and
the time that the bytes take from the bucket.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest.mock import patch

from knowledge.items.model import ItemDraft
from knowledge.settings import SearchSettings
from knowledge.storage.clients import Clients
from moto import mock_aws

from benchmarks import publish
from benchmarks.cost.prices import MILLION, Bill
from benchmarks.cost.till import DATABASE_WAIT_SECONDS, OTHER_WAIT_SECONDS, CountedEdge, memory_mb
from benchmarks.emulators import EmulatorTime, dynoxide
from benchmarks.findings import Figure, Table, readable
from benchmarks.meter import CallPath, Meter
from benchmarks.search.corpus import queries, texts
from testing.edge import SEARCH_BYTES

COLD_SHARE = 0.4
"""The most bytes that a cold search reads, to those of the texts that it searches."""
LARGE = 10_000
"""From so many items on that is asked for; in fewer it is told."""
DOLLARS = 12
"""The most that a million searches cost."""
PUBLICATIONS = 7
CALLS_TITLE, PRICE_TITLE = "What a search asks of AWS", "A million searches, in dollars"
COLD, WARM = "cold", "warm, mean"
HITS = 10
# From the bucket, assumed: what a function of this size gets of the network.
BYTES_A_SECOND = 75_000_000
_CHANGES = 20
_PARTS = {
    "API Gateway": ("requests",),
    "Lambda": ("invocations", "gb_seconds"),
    "S3": ("gets", "puts"),
    "DynamoDB": ("reads", "writes"),
    "logs and answers out": ("log_gb", "out_gb"),
}
_FUNCTION = "SearchApiFunction"


class Counted(NamedTuple):
    """The mean of some searches; bytes are those from the bucket, `sequence` the calls that follow one another."""

    database_calls: float
    read_units: float
    write_units: float
    gets: float
    calls: float
    bytes: float
    cpu_ms: float
    sequence: float = 0.0


class Searched(NamedTuple):
    """What searches in a source came to."""

    items: int
    segments: int
    text_bytes: int
    cold: Counted
    warm: Counted
    bill: Bill
    """Of a million warm searches."""

    @property
    def cold_share(self) -> float:
        """The bytes that a cold search reads, to those of the texts."""
        return round(self.cold.bytes / self.text_bytes, 2)

    @property
    def dollars(self) -> dict[str, float]:
        """What a million cost, by part and together."""
        parts = {part: self.bill.dollars(*names) for part, names in _PARTS.items()}
        return {**parts, "together": self.bill.dollars()}


class _Process:
    """The function in one process of its own, whose calls are counted."""

    def __init__(self, edge: CountedEdge) -> None:
        self.edge, self.bucket, self.emulators, self.path = edge, Meter(), EmulatorTime(), CallPath(0)
        self.bucket.watch(edge.clients.s3)
        self.emulators.watch(edge.clients.s3)
        self.path.watch(edge.clients.dynamodb, edge.clients.s3, edge.clients.kms)

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Be a new process, with nothing on its disk."""
        with TemporaryDirectory() as folder:
            self.edge.search = SearchSettings(folder, SEARCH_BYTES, 8 * SEARCH_BYTES)
            self.edge.services = self.edge.make_services()
            yield

    def count(self, source: str, asked: Sequence[str]) -> tuple[Counted, Bill]:
        """Put queries, each for a page of hits; the mean and the bill of one."""
        till = self.edge.till
        self.emulators.seconds = 0.0
        began = time.process_time()
        with self.bucket.measuring():
            bill = till.bill(lambda: self._ask_each(source, asked)) * (1 / len(asked))
        cpu = (time.process_time() - began - self.emulators.seconds) / len(asked)
        meter = till.meter
        counted = Counted(
            meter.database_calls / len(asked),
            meter.read_units / len(asked),
            meter.write_units / len(asked),
            self.bucket.objects_got / len(asked),
            sum(meter.calls.values()) / len(asked),
            self.bucket.bytes_received / len(asked),
            cpu * 1e3,
        )
        return counted, bill

    def follow(self, source: str, asked: Sequence[str]) -> tuple[float, float]:
        """Put queries slowly; the mean number of calls that follow one another, and the mean wait for them."""
        steps, seconds = 0, 0.0
        with patch.object(self.path, "held_seconds", 0.05):
            for query in asked:
                self.path.reset()
                self._ask_each(source, [query])
                steps += len(self.path.steps)
                seconds += sum(
                    OTHER_WAIT_SECONDS if "GetObject" in step else DATABASE_WAIT_SECONDS for step in self.path.steps
                )
        return steps / len(asked), seconds / len(asked)

    def _ask_each(self, source: str, asked: Sequence[str]) -> None:
        for query in asked:
            reply = self.edge.request("POST", "/v1/search", {"query": query, "sourceIds": [source], "limit": HITS})
            assert len(reply.body["results"]) == HITS, reply.text


def ask(items: int, count: int, followed: int) -> Searched:
    """Publish so many items in some segments, and search them: once in a new process, then so many times.

    Which calls follow one another is seen in `followed` further searches, which take their time.
    """
    asked, further = queries(count + 1, 99), queries(followed, 98)
    with mock_aws(), dynoxide("search") as resources, patch.dict(os.environ, resources.environment):
        edge = CountedEdge(resources, dict(os.environ), clients=Clients())
        process = _Process(edge)
        source, text_bytes = _publish(edge, items)
        segments = _segments(edge, source)
        with process.begun():
            cold, _ = process.count(source, asked[:1])
            warm, bill = process.count(source, asked[1:])
            warm_steps, wait = process.follow(source, further)
        with process.begun():
            cold_steps, _ = process.follow(source, asked[:1])
    seconds = warm.cpu_ms / 1e3 + wait + warm.bytes / BYTES_A_SECOND
    gb_seconds = seconds * memory_mb(_FUNCTION) / 1024
    return Searched(
        items,
        segments,
        text_bytes,
        cold._replace(sequence=cold_steps),
        warm._replace(sequence=warm_steps),
        Bill({**bill.amounts, "gb_seconds": gb_seconds}) * MILLION,
    )


def _publish(edge: CountedEdge, items: int) -> tuple[str, int]:
    """Publish items at once, then some of them again and again; the source, and the bytes of what it serves."""
    served, later = texts(items, 1), texts(_CHANGES * PUBLICATIONS, 2)
    source = edge.source(defaultLanguage="en")
    tenant, knowledge = edge.tenant_of(edge.token), edge.services.knowledge
    publish.load(
        knowledge,
        knowledge.sources.get_source(tenant, source),
        items,
        lambda number, _: ItemDraft(_name(number), *served[number]),
    )
    changed = random.Random(7).sample(range(items), len(later))
    for start in range(0, len(later), _CHANGES):
        batch = []
        for number in range(start, start + _CHANGES):
            title, content = served[changed[number]] = later[number]
            batch.append({"externalItemId": _name(changed[number]), "title": title, "content": content})
        edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": batch})
        edge.publish(source)
    return source, sum(len(title.encode()) + len(text.encode()) for title, text in served)


def _segments(edge: CountedEdge, source: str) -> int:
    knowledge = edge.services.knowledge
    manifest = knowledge.sources.get_source(edge.tenant_of(edge.token), source).manifest
    assert manifest is not None
    return len(knowledge.stores.index.open_index(manifest).manifest.segments.rows or ())


def _name(number: int) -> str:
    return f"doc-{number:07d}"


def judged(shares: Mapping[int, float], dollars: Mapping[int, float]) -> list[Figure]:
    """Hold the bytes of a cold search and the price of a million warm ones against their bounds, by items."""
    figures = []
    for items, share in shares.items():
        what = f"cold search in {items:,} items: bytes read, to those of the texts"
        figures.append(Figure(what, COLD_SHARE if items >= LARGE else None, share, "x"))
    for items, each in dollars.items():
        figures.append(Figure(f"1 M searches in {items:,} items", DOLLARS, each, "dollars", counted=False))
    return figures


def calls_table(asked: Sequence[Searched]) -> Table:
    """Lay out what searches asked for."""
    rows = []
    for each in asked:
        for what, one in ((COLD, each.cold), (WARM, each.warm)):
            share = one.bytes / each.text_bytes
            shown = map(readable, (each.items, each.segments, *one[:5], one.sequence, round(one.bytes)))
            rows.append([what, *shown, f"{share:.2f}", f"{one.cpu_ms:.1f}"])
    heads = ["search", "items", "segments", "DynamoDB", "read units", "write units", "S3 GETs"]
    return Table([*heads, "calls", "in sequence", "bytes", "to the texts", "CPU ms"], rows, CALLS_TITLE)


def price_table(asked: Sequence[Searched]) -> Table:
    """Lay out what a million cost."""
    rows = [[readable(each.items), *(f"{one:.2f}" for one in each.dollars.values())] for each in asked]
    return Table(["items", *_PARTS, "together"], rows, PRICE_TITLE)
