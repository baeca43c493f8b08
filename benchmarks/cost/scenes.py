"""What the cost model counts: pushing in every way, publishing, and reading, through the API."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from knowledge.import_tasks import start_import
from knowledge.imports import staging as import_staging
from knowledge.items.model import ItemDraft
from knowledge.runs import parts
from knowledge.sources.model import Source

from benchmarks import publish, staging
from benchmarks.cost.growth import Sample
from benchmarks.cost.prices import Bill
from benchmarks.cost.till import CountedEdge
from testing.import_files import created_event, line

BATCH = 1_000
EVERY = 100
_FEW = 100
# More than an import decides on together, so that its file can take two calls.
_FEW_LINES = 500


@dataclass
class Scenes:
    """Sources of one tenant, and what is done to them through the API."""

    edge: CountedEdge
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def source(self) -> str:
        """Make a source."""
        return self.edge.source()

    def push_singly(self, source: str, items: Sequence[ItemDraft]) -> Bill:
        """Push items one by one, each with an Idempotency-Key."""
        return self._bill(("POST", f"/v1/sources/{source}/items", _json(draft)) for draft in items)

    def push_in_batches(self, source: str, items: Sequence[ItemDraft]) -> Bill:
        """Push items in batches of 1 000."""
        path = f"/v1/sources/{source}/items/batch"
        return self._bill(("POST", path, {"items": part}) for part in _parts(items, BATCH))

    def put_snapshot(self, source: str, items: Sequence[ItemDraft], part: int) -> tuple[Bill, Bill]:
        """Bring a whole set in parts; the bills of its parts, and of opening and completing it."""
        path = f"/v1/sources/{source}/snapshots"
        opened: list[str] = []
        begun = self.edge.till.bill(lambda: opened.append(self._send("POST", path)["snapshot"]["id"]))
        (name,) = opened
        put = self._bill(
            ("PUT", f"{path}/{name}/parts/{number}", {"items": each})
            for number, each in enumerate(_parts(items, part), start=1)
        )
        ended = self._bill([("POST", f"{path}/{name}/complete", None)])
        return put, begun + ended

    def import_file(self, source: str, items: Sequence[ItemDraft]) -> Bill:
        """Import a file of lines, plain, and have it published."""
        return self.edge.till.bill(lambda: self._import(source, b"".join(map(line, items))))

    def publish(self, source: str) -> tuple[Bill, Bill]:
        """Run and apply; the bill of each."""
        ran: list[str] = []
        path = f"/v1/sources/{source}/runs"
        run = self.edge.till.bill(lambda: ran.append(self._send("POST", path)["run"]["id"]))
        return run, self._bill([("POST", f"{path}/{ran[0]}/apply", None)])

    def read_pages(self, source: str, pages: int) -> tuple[Bill, int]:
        """Read pages of the generation that serves, with contents; the bill, and how many items came."""
        items = 0

        def read() -> None:
            nonlocal items
            query = "include=content"
            for _ in range(pages):
                page = self.edge.request("GET", f"/v1/sources/{source}/generations/current/items", query=query).body
                items += len(page["items"])
                if page["nextCursor"] is None:
                    return
                query = f"include=content&cursor={page['nextCursor']}"

        return self.edge.till.bill(read), items

    def read_singly(self, source: str, items: Sequence[ItemDraft]) -> Bill:
        """Read items one by one, as they are staged."""
        names = [draft.external_item_id for draft in items]
        return self._bill(("GET", f"/v1/sources/{source}/items/{name}", None) for name in names)

    def loaded(self, count: int) -> str:
        """Make a source that serves so many items, by the stores alone."""
        source = self.source()
        publish.load(self.edge.services.knowledge, self._row(source), count)
        return source

    def change(self, source: str, count: int, changes: int) -> Sample:
        """Change so many of a loaded source's items in one batch, run and apply."""
        numbers = random.Random(changes).sample(range(count), changes)
        items = [publish.draft(number, changes) for number in numbers]
        return Sample(changes, self.push_in_batches(source, items), *self.publish(source))

    def further_part(self) -> tuple[Bill, Bill]:
        """What a run and an apply cost more when their changes take one part more, however many changes it has."""
        (run, apply), (more_run, more_apply) = (self._published_in(count) for count in (1, 2))
        return more_run - run, more_apply - apply

    def further_turns(self) -> tuple[Bill, Bill]:
        """What an import costs more when its changes take one part more, and its file one call of the staging more."""
        lines = drafts(_FEW_LINES)
        once = self.import_file(self.source(), lines)
        with patch.object(parts, "CHANGES_PER_PART", _FEW_LINES // 2):
            part = self.import_file(self.source(), lines)
        with patch.object(import_staging, "BYTES_PER_CALL", sum(len(line(draft)) for draft in lines) // 2):
            turn = self.import_file(self.source(), lines)
        return part - once, turn - once

    def _published_in(self, count: int) -> tuple[Bill, Bill]:
        source = self.source()
        self.push_in_batches(source, drafts(_FEW))
        with patch.object(parts, "CHANGES_PER_PART", _FEW // count):
            return self.publish(source)

    def _import(self, source: str, body: bytes) -> None:
        edge, till = self.edge, self.edge.till
        job = self._send("POST", f"/v1/sources/{source}/imports", {"mode": "upsert", "apply": True})["import"]
        key = f"imports/{edge.tenant_of(edge.token)}/{source}/{job['id']}/upload"
        # The client's own request to the bucket.
        answer = edge.clients.s3.put_object(Bucket=edge.resources.bucket, Key=key, Body=body)
        event = created_event(edge.resources.bucket, key, answer["ETag"].strip('"'), len(body))
        with till.invocation("StartImportFunction"):
            started = start_import(edge.services.knowledge, event)
        execution = list(edge.import_machine.executions.values())[-1]
        edge.import_machine.run()
        state = self._row(source)
        assert started == {"importId": job["id"]} and execution.status == "SUCCEEDED", edge.import_machine.errors
        assert state.generation_id is not None
        # One more is the start.
        till.note(transitions=len(execution.path) + 1)

    def _row(self, source: str) -> Source:
        return self.edge.services.knowledge.sources.get_source(self.edge.tenant_of(self.edge.token), source)

    def _bill(self, requests: Iterable[tuple[str, str, object]]) -> Bill:
        made = list(requests)
        return self.edge.till.bill(lambda: [self._send(*request) for request in made])

    def _send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        # As the guides say: writes carry a key, and larger bodies are compressed.
        headers = {} if method == "GET" else {"Idempotency-Key": f"cost-{next(self._numbers)}"}
        many = isinstance(body, dict) and "items" in body
        answer: dict[str, Any] = self.edge.request(method, path, body, headers=headers, compress=many).body
        return answer


_made: list[ItemDraft] = []


def drafts(count: int, every: int | None = None) -> list[ItemDraft]:
    """The first items of `staging.items`, every so-many-th of them with another content. Making them takes time."""
    if len(_made) < count:
        _made[:] = staging.items(count, 0)
    return [
        replace(draft, content=f"{draft.content}, changed") if every and number % every == 0 else draft
        for number, draft in enumerate(_made[:count])
    ]


def _parts(items: Sequence[ItemDraft], size: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(items), size):
        yield [_json(draft) for draft in items[start : start + size]]


def _json(draft: ItemDraft) -> dict[str, Any]:
    return {"externalItemId": draft.external_item_id, "title": draft.title, "content": draft.content}
