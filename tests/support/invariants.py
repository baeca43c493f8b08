"""Reads tables and bucket as they are and holds them against the promises of the design.

Nothing here uses the product's own codecs: the index is read by `storage_reader`, which knows no more than what
`docs/storage-format.md` says, and the root hash, the fingerprints and the plans are worked out anew, so that an error
in them cannot hide itself.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from knowledge.storage.attributes import from_row

from tests.support.segment_lists import check_found
from tests.support.storage_reader import EMPTY_HASH, StoredState

FIELDS = ("title", "content", "contentType", "url", "language", "tags", "metadata")


class Served(NamedTuple):
    """One entry of a generation, with the document that its pack holds."""

    content_hash: str
    title: str
    removed_at: int | None
    document: dict[str, Any]

    @property
    def content(self) -> str:
        """The content that is served."""
        return str(self.document["content"])


@dataclass
class Stored:
    """Everything that is stored of one source."""

    source: dict[str, Any]
    runs: dict[str, dict[str, Any]]
    generations: list[dict[str, Any]]
    events: list[dict[str, Any]]
    rows: dict[str, dict[str, Any]]
    journal: dict[str, dict[str, Any]]
    served: dict[str, dict[str, Served]] = field(default_factory=dict)
    states: dict[str, StoredState] = field(default_factory=dict)

    @property
    def current(self) -> dict[str, Served]:
        """What the source serves now."""
        generation_id = self.source.get("generationId")
        return {} if generation_id is None else self.served[generation_id]

    @property
    def current_contents(self) -> set[str]:
        """The contents that the source serves now."""
        return {entry.content for entry in self.current.values()}


class Reader:
    """Reads one source, whole.

    `counted` is false once a test had a published plan lost, so that nobody knows how many items there are.
    """

    counted = True

    def __init__(self, lifecycle: Any, leaf_entries: int = 32) -> None:
        self.clients = lifecycle.clients
        self.settings = lifecycle.settings
        self.tenant_id = lifecycle.tenant_id
        self.source_id = lifecycle.source_id
        self.leaf_entries = leaf_entries
        self._bodies: dict[str, bytes] = {}
        self._generations: dict[str, tuple[StoredState, dict[str, Served]]] = {}

    def read(self) -> Stored:
        """Read it all; AssertionError when a generation can't be read or is not what its hashes say."""
        key = {"pk": {"S": self.tenant_id}, "sk": {"S": f"source#{self.source_id}"}}
        row = self.clients.dynamodb.get_item(TableName=self.settings.catalog_table, Key=key, ConsistentRead=True)
        catalog = self.query(self.settings.catalog_table, self.source_id)
        generations = sorted(_of_kind(catalog, "generation"), key=lambda row: row["sequence"])
        items = [
            row
            for slot in "0123456789abcdef"
            for row in self.query(self.settings.items_table, f"{self.source_id}#{slot}")
        ]
        journal = self.query(self.settings.items_table, f"{self.source_id}#journal")
        stored = Stored(
            source=from_row(row["Item"]),
            runs={row["runId"]: row for row in _of_kind(catalog, "run")},
            generations=generations,
            events=_of_kind(catalog, "event"),
            rows={row["sk"]: row for row in items},
            journal={row["sk"]: row for row in journal},
        )
        for generation in generations:
            generation_id = generation["generationId"]
            if "retiredAt" in generation:
                continue
            if generation_id not in self._generations:
                self._generations[generation_id] = self.read_generation(generation)
            stored.states[generation_id], stored.served[generation_id] = self._generations[generation_id]
        return stored

    def forget(self) -> None:
        """Read every object anew the next time: what was collected must be missed."""
        self._bodies.clear()
        self._generations.clear()

    def query(self, table: str, pk: str) -> list[dict[str, Any]]:
        """Read a partition, consistently."""
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ConsistentRead": True,
        }
        while True:
            page = self.clients.dynamodb.query(**request)
            found.extend(from_row(row) for row in page["Items"])
            if "LastEvaluatedKey" not in page:
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def body(self, key: str) -> bytes:
        """Read an object."""
        if key not in self._bodies:
            answer = self.clients.s3.get_object(Bucket=self.settings.content_bucket, Key=key)
            self._bodies[key] = answer["Body"].read()
        return self._bodies[key]

    def read_generation(self, generation: Mapping[str, Any]) -> tuple[StoredState, dict[str, Served]]:
        """Read a generation with every content, and work its root hash out from nothing."""
        state = StoredState(self.body, **generation["manifest"], leaf_entries=self.leaf_entries)
        served: dict[str, Served] = {}
        for entry in state.entries():
            assert entry.external_item_id not in served, "an item is served twice"
            assert entry.fields == fingerprints(entry.document), "fingerprints are not those of the content"
            assert entry.title == entry.document["title"]
            served[entry.external_item_id] = Served(entry.content_hash, entry.title, entry.removed_at, entry.document)
        state.check_named()
        expected = root_hash({name: entry.content_hash for name, entry in served.items()}, self.leaf_entries)
        told = generation.get("servedRootHash", generation["rootHash"])
        assert told == state.root_hash == expected, "the root hash is not that of the set"
        check_found(state, self.body, served)
        return state, served

    def plan_lines(self, run: Mapping[str, Any]) -> tuple[list[list[Any]], set[str]]:
        """The changes of a run's plan, and the journal entries that it covers."""
        lines: list[list[Any]] = []
        covered: list[str] = []
        aside = run["plan"].get("part_list")
        parts = run["plan"]["parts"]
        if aside is not None:
            data = self.body(aside["key"])
            assert hashlib.sha256(data).hexdigest() == aside["digest"], "a list of parts is not what its digest says"
            parts = json.loads(gzip.decompress(data))["parts"]
        for number, part in enumerate(parts):
            data, length = self.body(part["object"]["key"]), part["directory_bytes"]
            assert hashlib.sha256(data[-length:]).hexdigest() == part["object"]["digest"], "a directory is not its own"
            directory = json.loads(gzip.decompress(data[-length:]))
            assert (directory["format"], directory["part"], part["number"]) == (2, number, number)
            at, before = 0, len(lines)
            for row in (*directory["changes"], *directory["covered"]):
                member = data[at : at + row[0]]
                assert hashlib.sha256(member).hexdigest() == row[-1], "a member is not what the directory says"
                found = json.loads(gzip.decompress(member))
                assert len(found) == row[1]
                if len(row) == 4:
                    assert Counter(line[1] for line in found) == row[2], "a directory miscounts kinds"
                    lines += found
                else:
                    covered += found
                at += row[0]
            assert at == len(data) - length
            assert len(lines) - before == part["changes"]
        names = [line[0] for line in lines]
        assert names == sorted(set(names), key=path_of), "a plan has an item twice, or out of order"
        return lines, set(covered)


def path_of(external_item_id: str) -> str:
    """The road of an item through the trie."""
    return hashlib.sha256(external_item_id.encode()).hexdigest()


def root_hash(hashes: Mapping[str, str], leaf_entries: int = 32) -> str:
    """The Merkle hash of a set of (id, content hash), from its definition."""
    if not hashes:
        return EMPTY_HASH
    items = sorted((f"{int(path_of(name), 16):0256b}", name, value) for name, value in hashes.items())
    return _subtree(items, 0, leaf_entries).hex()


def _subtree(items: list[tuple[str, str, str]], depth: int, leaf_entries: int) -> bytes:
    if not items:
        return bytes(32)
    if len(items) <= leaf_entries:
        pairs = sorted((name, value) for _, name, value in items)
        ids = "\n".join(name for name, _ in pairs).encode()
        hashes = bytes.fromhex("".join(value for _, value in pairs))
        return hashlib.sha256(b"leaf\0" + len(ids).to_bytes(4, "big") + ids + hashes).digest()
    branches = [_subtree([item for item in items if item[0][depth] == bit], depth + 1, leaf_entries) for bit in "01"]
    return hashlib.sha256(b"node\0" + b"".join(branches)).digest()


def fingerprints(document: Mapping[str, Any]) -> bytes:
    """The record of an item's fields, from its definition."""
    presence, prints = 0, b""
    for bit, name in enumerate(FIELDS):
        if name in document:
            value = json.dumps(document[name], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            presence |= 1 << bit
            prints += hashlib.sha256(value.encode()).digest()[:4]
    return bytes([presence]) + prints


def check_history(reader: Reader, stored: Stored) -> None:
    """What must hold at any moment: generations chain, each is what it says it is, each was announced once."""
    _check_count(reader, stored)
    base: dict[str, Any] | None = None
    marked = False
    for sequence, generation in enumerate(stored.generations, start=1):
        generation_id = generation["generationId"]
        assert generation["sequence"] == sequence, "two generations share a base, or one is missing"
        assert generation.get("baseGenerationId") == (base and base["generationId"])
        if generation["origin"] == "run":
            run = stored.runs[generation["runId"]]
            assert (run["state"], run["generationId"]) == ("published", generation_id)
            marked = False
        marked |= generation["origin"] == "restore"
        if generation_id in stored.served and (base is None or base["generationId"] in stored.served):
            before = {} if base is None else stored.served[base["generationId"]]
            _check_generation(reader, stored, generation, before)
        base = generation
    assert stored.source.get("generationId") == (base and base["generationId"])
    assert stored.source["sequence"] == len(stored.generations)
    assert stored.source.get("fullRequired", False) is marked, "a restored source must be compared in full"
    announced = sorted(
        (event["data"]["generationId"], event["data"]["sequence"], event["data"]["origin"])
        for event in stored.events
        if event["eventType"] == "generation.published"
    )
    assert announced == sorted((row["generationId"], row["sequence"], row["origin"]) for row in stored.generations), (
        "events and generations are not one to one"
    )
    planned = sorted(
        (event["data"]["runId"], event["data"]["planVersion"])
        for event in stored.events
        if event["eventType"] == "run.ready"
    )
    assert planned == sorted(
        (run_id, version) for run_id, run in stored.runs.items() for version in range(1, run["planVersion"] + 1)
    ), "events and plans are not one to one"
    # A run that failed is planned again when its request is repeated, and may fail again.
    failed = [
        (event["data"]["runId"], event["occurredAt"]) for event in stored.events if event["eventType"] == "run.failed"
    ]
    assert len(failed) == len(set(failed)), "a failure was announced twice"
    assert {(run_id, run["lastError"]["at"]) for run_id, run in stored.runs.items() if run["state"] == "failed"} <= set(
        failed
    )
    erased = [event["data"]["erasureId"] for event in stored.events if event["eventType"] == "erasure.completed"]
    assert len(erased) == len(set(erased)), "the end of an erasure was announced twice"
    known = {row["generationId"] for row in stored.generations}
    assert all(run["generationId"] in known for run in stored.runs.values() if run["state"] == "published")


def _check_count(reader: Reader, stored: Stored) -> None:
    """What publications have covered and what the journal still names come to the number of active rows."""
    if not reader.counted:
        assert "coveredItems" not in stored.source
        return
    settling = stored.runs.get(stored.source.get("settleRunId", ""))
    covered = set() if settling is None else reader.plan_lines(settling)[1]
    nets = [int(entry["net"]) for entry_id, entry in stored.journal.items() if entry_id not in covered]
    active = sum(row["state"] == "active" for row in stored.rows.values())
    assert stored.source["coveredItems"] + sum(nets) == active, "the count of items is not what is staged"


def _check_generation(reader: Reader, stored: Stored, generation: dict[str, Any], before: Mapping[str, Served]) -> None:
    after = stored.served[generation["generationId"]]
    state, base = stored.states[generation["generationId"]], generation.get("baseGenerationId")
    previous = stored.states[base] if base else None
    assert generation["counts"]["total"] == len(after) + generation.get("erased", 0)
    anew = {row["generationId"] for row in stored.generations if "servedRootHash" in row}
    if anew & {base, generation["generationId"]}:
        # What was written anew is not what was published; the model of erasures says what it is to be.
        return
    assert generation["contentBytes"] == sum(len(entry.content.encode()) for entry in after.values())
    if generation["origin"] == "run":
        run = stored.runs[generation["runId"]]
        assert run["plan"]["index"]["manifest"] == generation["manifest"], "a run published what it did not plan"
        assert run["plan"].get("base_digest") == (previous and previous.digest), "the plan was made on another base"
        _check_base(state, previous)
        assert not previous or state.names[: len(previous.names)] == previous.names, "a run forgot a name"
        _check_change(reader, generation, run, before, after)
    elif generation["origin"] == "compaction":
        assert after == before, "a compaction changed what is served"
        _check_base(state, previous)
        assert generation["counts"] == _counts_between(before, after)
    elif generation["origin"] == "erasure":
        assert after.items() < before.items(), "an erasure published something else than its base without some items"
        _check_base(state, previous)
        assert generation["counts"] == _counts_between(before, after)
    else:
        if generation["restoredFrom"] in stored.served:
            assert after == stored.served[generation["restoredFrom"]], "a restore is not what it restores"
        assert generation["counts"] == _counts_between(before, after)


def _check_base(state: StoredState, previous: StoredState | None) -> None:
    """An index is built on that of its base: it keeps the table of names, but for what a compaction left."""
    assert state.base_digest == (previous and previous.digest), "an index is built on another base"
    kept = state.names[: len(previous.names)] if previous else []
    gone = (None, 0, "00" * 32)
    assert all(row in {before, gone} for row, before in zip(kept, previous.names if previous else [], strict=True)), (
        "an object has another number than in the base"
    )


def _counts_between(before: Mapping[str, Served], after: Mapping[str, Served]) -> dict[str, int]:
    tally = dict.fromkeys(("added", "updated", "removed", "restored", "tombstoned"), 0)
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None:
            tally["added"] += 1
        elif new is None:
            tally["tombstoned"] += 1
        elif old.content_hash != new.content_hash:
            tally["updated"] += 1
        elif old.removed_at != new.removed_at:
            tally["restored" if new.removed_at is None else "removed"] += 1
    touched = sum(tally.values()) - tally["tombstoned"]
    return {**tally, "unchanged": len(after) - touched, "total": len(after)}


def _check_change(
    reader: Reader,
    generation: Mapping[str, Any],
    run: Mapping[str, Any],
    before: Mapping[str, Served],
    after: Mapping[str, Served],
) -> None:
    """A generation is exactly its base and the changes of its run's plan."""
    assert run["plan"].get("base_generation_id") == generation.get("baseGenerationId"), (
        "the plan was made on another base"
    )
    expected = {name: (entry.content_hash, entry.title, entry.removed_at) for name, entry in before.items()}
    tally = dict.fromkeys(("added", "updated", "removed", "restored", "tombstoned"), 0)
    for name, kind, _, title, content_hash, previous_hash, removed_at, fields in reader.plan_lines(run)[0]:
        if kind in {"drop", "erased"}:
            # Of what is served nothing was erased, so what was erased here was a row to be dropped.
            assert name not in before
            continue
        tally[kind] += 1
        assert (name in before) is (kind != "added"), "a change does not fit its base"
        assert previous_hash == (before[name].content_hash if name in before else None)
        if kind == "tombstoned":
            assert content_hash is None
            del expected[name]
        else:
            expected[name] = (content_hash, title, removed_at)
        assert fields == _differing(before.get(name), after.get(name)), "a plan names other fields than differ"
    found = {name: (entry.content_hash, entry.title, entry.removed_at) for name, entry in after.items()}
    assert found == expected, "the generation is not its base and the planned changes"
    touched = sum(tally.values()) - tally["added"]
    counts = {**tally, "unchanged": len(before) - touched, "total": len(after)}
    assert generation["counts"] == run["plan"]["counts"] == counts


def _differing(old: Served | None, new: Served | None) -> int:
    if old is None or new is None:
        return 0
    return sum(1 << bit for bit, name in enumerate(FIELDS) if old.document.get(name) != new.document.get(name))


def check_settled(stored: Stored, now: int) -> None:
    """What must hold once a run that saw everything is published and settled: nothing is left over or lost."""
    assert "settleRunId" not in stored.source, "the clean-up was not finished"
    assert not {"leaseRunId", "leaseExpiresAt"} & stored.source.keys(), "a lease was left behind"
    assert not stored.journal, "journal entries were left behind"
    grace_ms = stored.source["graceDays"] * 86_400_000
    published = {row["generationId"]: row["publishedAt"] for row in stored.generations}
    for name, row in stored.rows.items():
        entry = stored.current.get(name)
        if row["state"] == "active":
            assert entry is not None, f"{name} is staged and not served"
            assert (entry.content_hash, entry.title, entry.removed_at) == (row["hash"], row["title"], None)
        elif row["state"] == "removed":
            assert entry is not None, f"{name} was dropped and is not marked"
            assert entry.removed_at == row["removedAt"]
            assert row["removedAt"] + grace_ms > now, f"{name} is served past its grace"
        elif not row["hash"]:
            assert entry is None, f"{name} is a mark and is served"
            assert row["expiresAt"] == (row["updatedAt"] + 30 * 86_400_000) // 1000
        else:
            assert entry is None, f"{name} is a tombstone and is served"
            assert row["tombstonedAt"] in published.values()
            assert row["expiresAt"] == (row["tombstonedAt"] + 30 * 86_400_000) // 1000
    assert stored.current.keys() <= stored.rows.keys(), "something is served that nobody staged"


def _of_kind(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["sk"].startswith(f"{kind}#")]
