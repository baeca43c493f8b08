"""Reads tables and bucket as they are and holds them against the promises of the design.

Nothing here uses the product's own codecs: the trie's hash, the leaves and the plans are read and worked out anew, so
that an error in them cannot hide itself.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from knowledge.storage.attributes import from_row

_EMPTY = hashlib.sha256(b"empty\0").hexdigest()


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

    @property
    def current(self) -> dict[str, Served]:
        """What the source serves now."""
        generation_id = self.source.get("generationId")
        return {} if generation_id is None else self.served[generation_id]


class Reader:
    """Reads one source, whole."""

    def __init__(self, lifecycle: Any, leaf_entries: int = 1024) -> None:
        self.clients = lifecycle.clients
        self.settings = lifecycle.settings
        self.tenant_id = lifecycle.tenant_id
        self.source_id = lifecycle.source_id
        self.leaf_entries = leaf_entries
        self._bodies: dict[str, bytes] = {}
        self._generations: dict[str, dict[str, Served]] = {}

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
            stored.served[generation_id] = self._generations[generation_id]
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

    def body(self, key: str, digest: str | None = None) -> bytes:
        """Read an object; against its digest if there is one."""
        if key not in self._bodies:
            answer = self.clients.s3.get_object(Bucket=self.settings.content_bucket, Key=key)
            self._bodies[key] = answer["Body"].read()
        body = self._bodies[key]
        assert digest is None or hashlib.sha256(body).hexdigest() == digest, f"{key} is not what its digest says"
        return body

    def read_generation(self, generation: Mapping[str, Any]) -> dict[str, Served]:
        """Read a generation with every content, and work its root hash out from nothing."""
        manifest = json.loads(gzip.decompress(self.body(**generation["manifest"])))
        assert manifest["generationId"] == generation["generationId"]
        leaves = list(manifest["leaves"])
        for node in manifest["nodes"]:
            under = json.loads(gzip.decompress(self.body(node[1], node[2])))["leaves"]
            assert node[4] == sum(leaf[4] for leaf in under), "a node miscounts its entries"
            leaves.extend(under)
        served: dict[str, Served] = {}
        for prefix, key, digest, _, entries, content_bytes, oldest_removed_at in leaves:
            leaf = json.loads(gzip.decompress(self.body(key, digest)))
            assert leaf["prefix"] == prefix
            assert len(leaf["entries"]) == entries <= self.leaf_entries
            assert sum(row[6] for row in leaf["entries"]) == content_bytes
            moments = [row[7] for row in leaf["entries"] if row[7] is not None]
            assert oldest_removed_at == (min(moments) if moments else None), "a leaf forgot who is in grace"
            for name, content_hash, title, pack, offset, length, size, removed_at in leaf["entries"]:
                assert path_of(name).startswith(prefix), "an entry lies in a leaf that is not its own"
                assert name not in served, "an item is served twice"
                member = self.body(leaf["packs"][pack])[offset : offset + length]
                canonical = gzip.decompress(member).removesuffix(b"\n")
                assert hashlib.sha256(canonical).hexdigest() == content_hash, "a pack holds other contents"
                document = json.loads(canonical)
                assert document["externalItemId"] == name
                assert len(document["content"].encode()) == size
                served[name] = Served(content_hash, title, removed_at, document)
        expected = root_hash({name: entry.content_hash for name, entry in served.items()}, self.leaf_entries)
        assert generation["rootHash"] == manifest["rootHash"] == expected, "the root hash is not that of the set"
        return served

    def plan_lines(self, run: Mapping[str, Any]) -> tuple[list[list[Any]], set[str]]:
        """The lines of a run's plan with packs as keys, and the journal entries that it covers."""
        lines: list[list[Any]] = []
        covered: set[str] = set()
        plan = run["plan"]
        aside = plan.get("part_list")
        parts = plan["parts"] if aside is None else json.loads(gzip.decompress(self.body(**aside)))["parts"]
        for number, part in enumerate(parts):
            assert part["number"] == number
            header, *written = map(json.loads, gzip.decompress(self.body(**part["object"])).decode().split("\n")[:-1])
            changes = [change for several in written for change in several]
            assert header["part"] == number
            assert len(changes) == part["changes"]
            covered |= set(header["covered"])
            lines += changes
        return lines, covered


def path_of(external_item_id: str) -> str:
    """The road of an item through the trie."""
    return hashlib.sha256(external_item_id.encode()).hexdigest()


def root_hash(hashes: Mapping[str, str], leaf_entries: int = 1024) -> str:
    """The Merkle hash of a set of (id, content hash), from its definition."""
    if not hashes:
        return _EMPTY
    return _subtree(sorted((path_of(name), name, value) for name, value in hashes.items()), 0, leaf_entries)


def _subtree(items: list[tuple[str, str, str]], depth: int, leaf_entries: int) -> str:
    if len(items) <= leaf_entries:
        digest = hashlib.sha256(b"leaf\0")
        for _, name, value in sorted(items, key=lambda item: item[1]):
            raw = name.encode()
            digest.update(len(raw).to_bytes(4, "big") + raw + bytes.fromhex(value))
        return digest.hexdigest()
    digest = hashlib.sha256(b"node\0")
    for digit in "0123456789abcdef":
        under = [item for item in items if item[0][depth] == digit]
        digest.update(bytes.fromhex(_subtree(under, depth + 1, leaf_entries)) if under else bytes(32))
    return digest.hexdigest()


def check_history(reader: Reader, stored: Stored) -> None:
    """What must hold at any moment: generations chain, each is what it says it is, each was announced once."""
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
    known = {row["generationId"] for row in stored.generations}
    assert all(run["generationId"] in known for run in stored.runs.values() if run["state"] == "published")


def _check_generation(reader: Reader, stored: Stored, generation: dict[str, Any], before: Mapping[str, Served]) -> None:
    after = stored.served[generation["generationId"]]
    assert generation["contentBytes"] == sum(len(entry.content.encode()) for entry in after.values())
    if generation["origin"] == "run":
        _check_change(reader, generation, stored.runs[generation["runId"]], before, after)
    elif generation["origin"] == "compaction":
        assert after == before, "a compaction changed what is served"
        assert generation["counts"] == _counts_between(before, after)
    else:
        if generation["restoredFrom"] in stored.served:
            assert after == stored.served[generation["restoredFrom"]], "a restore is not what it restores"
        assert generation["counts"] == _counts_between(before, after)


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
    for name, kind, _, title, entry, _ in reader.plan_lines(run)[0]:
        if kind == "drop":
            assert name not in before
            continue
        tally[kind] += 1
        assert (name in before) is (kind != "added"), "a change does not fit its base"
        if kind == "tombstoned":
            del expected[name]
        else:
            expected[name] = (entry[0], title, entry[5])
    found = {name: (entry.content_hash, entry.title, entry.removed_at) for name, entry in after.items()}
    assert found == expected, "the generation is not its base and the planned changes"
    touched = sum(tally.values()) - tally["added"]
    counts = {**tally, "unchanged": len(before) - touched, "total": len(after)}
    assert generation["counts"] == run["plan"]["counts"] == counts


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
