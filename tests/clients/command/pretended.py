"""An API that is quick: what `kb` asks for, with the rules that it relies on. `KB_API=handlers` has the real one.

The same tests run on both, in `make soak` on the handlers: what is pretended here can't be pretended wrongly for long.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote

from knowledge_client.content_hashes import content_hash

Json = dict[str, Any]
_FIELDS = ("title", "content", "contentType", "url", "language", "tags", "metadata")
_COUNTS = ("created", "updated", "unchanged", "removed", "stale")
_CHANGES = ("added", "updated", "removed", "restored", "tombstoned")


class RefusedError(Exception):
    """Raised for what the API refuses."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass
class Staged:
    item: Json
    state: str = "active"
    removed_at: str | None = None

    @property
    def hash(self) -> str:
        return content_hash(self.item)


@dataclass
class Run:
    id: str
    base: str | None
    message: str | None
    # What would be served, by ids.
    after: dict[str, Json]
    changes: list[Json]
    version: int = 1
    state: str = "ready"
    generation: str | None = None


@dataclass
class Source:
    id: str
    fields: Json
    staged: dict[str, Staged] = field(default_factory=dict)
    generations: dict[str, dict[str, Json]] = field(default_factory=dict)
    messages: dict[str, str | None] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    current: str | None = None
    touched: set[str] = field(default_factory=set)

    @property
    def served(self) -> dict[str, Json]:
        return self.generations[self.current] if self.current else {}


class PretendedApi:
    """One tenant, whose keys have any scopes; the short ways are those of `testing.edge.Edge`."""

    def __init__(self) -> None:
        self.admin = "sk_test_admin"
        self.token = "sk_test_everything"
        self._scopes: dict[str, tuple[str, ...] | None] = {self.token: None}
        self._sources: dict[str, Source] = {}
        self._answers: dict[str, tuple[int, Json]] = {}
        self._number = 0

    def key(self, admin: str, scopes: tuple[str, ...]) -> str:
        token = self._new("sk_test_")
        self._scopes[token] = scopes
        return token

    def source(self, **fields: Any) -> str:
        return str(self.request("POST", "/v1/sources", {"name": "Help center", **fields}).body["source"]["id"])

    def push(self, source_id: str, external_item_id: str = "faq-1", **fields: Any) -> Any:
        item = {"externalItemId": external_item_id, "title": "Refunds", "content": "Refunds take 14 days.", **fields}
        return self.request("POST", f"/v1/sources/{source_id}/items", item)

    def run(self, source_id: str) -> str:
        return str(self.request("POST", f"/v1/sources/{source_id}/runs").body["run"]["id"])

    def apply(self, source_id: str, run_id: str) -> Any:
        return self.request("POST", f"/v1/sources/{source_id}/runs/{run_id}/apply")

    def publish(self, source_id: str) -> None:
        assert self.apply(source_id, self.run(source_id)).status == 200

    def request(
        self,
        method: str,
        path: str,
        json_body: Any = None,
        *,
        body: bytes | None = None,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        query: str = "",
    ) -> Any:
        """Answer as a client sees it."""
        sent = headers or {}
        token = self.token if key == "" else sent.get("Authorization", "").removeprefix("Bearer ")
        raw = gzip.decompress(body) if body and sent.get("Content-Encoding") == "gzip" else body
        given = json_body if json_body is not None else json.loads(raw) if raw else {}
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        again = sent.get("Idempotency-Key")
        if again not in self._answers:
            try:
                answer = self._answer(token, method, path, given, asked)
            except RefusedError as error:
                answer = error.status, {"error": f"about {error.code}", "code": error.code}
            if again is None or answer[0] >= 400:
                return _reply(*answer)
            self._answers[again] = answer
        return _reply(*self._answers[again])

    def _answer(self, token: str, method: str, path: str, body: Json, query: Json) -> tuple[int, Json]:
        if token not in self._scopes:
            raise RefusedError(401, "invalid_key")
        for pattern, needed, answering in _ROUTES:
            found = re.fullmatch(pattern, f"{method} {path}")
            if found is None:
                continue
            scopes = self._scopes[token]
            if scopes is not None and needed not in scopes:
                raise RefusedError(403, "insufficient_scope")
            names = [unquote(each) for each in found.groups()]
            if names and names[0] not in self._sources:
                raise RefusedError(404, "not_found")
            return answering(self, [self._sources[names[0]], *names[1:]] if names else [], body, query)
        raise RefusedError(404, "not_found")

    def _new(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"

    # Sources

    def who(self, _: Any, __: Json, ___: Json) -> tuple[int, Json]:
        return 200, {"tenantId": "ten_1", "key": {"sourceIds": None}}

    def list_sources(self, _: Any, __: Json, query: Json) -> tuple[int, Json]:
        label = query.get("label")
        found = [each for each in self._sources.values() if label is None or each.fields["label"] == label]
        return 200, {"sources": [_source(each) for each in found], "nextCursor": None}

    def create_source(self, _: Any, body: Json, __: Json) -> tuple[int, Json]:
        label = body.get("label")
        same = [each for each in self._sources.values() if label and each.fields["label"] == label]
        if same:
            return 200, {"source": _source(same[0])}
        defaults = {"label": None, "graceDays": 7, "publishing": "open", "removalGuard": None}
        made = Source(self._new("src_"), {**defaults, **body})
        self._sources[made.id] = made
        return 201, {"source": _source(made)}

    def get_source(self, at: list[Any], _: Json, __: Json) -> tuple[int, Json]:
        return 200, {"source": _source(at[0])}

    def update_source(self, at: list[Any], body: Json, _: Json) -> tuple[int, Json]:
        at[0].fields.update(body)
        return 200, {"source": _source(at[0])}

    def list_imports(self, _: Any, __: Json, ___: Json) -> tuple[int, Json]:
        return 200, {"imports": [], "nextCursor": None}

    # Items

    def list_items(self, at: list[Any], _: Json, __: Json) -> tuple[int, Json]:
        return 200, {"items": [_staged(each) for each in at[0].staged.values()], "nextCursor": None}

    def get_item(self, at: list[Any], _: Json, __: Json) -> tuple[int, Json]:
        return 200, {"item": {**_staged(at[0].staged[at[1]]), "content": at[0].staged[at[1]].item["content"]}}

    def push_item(self, at: list[Any], body: Json, _: Json) -> tuple[int, Json]:
        _put(at[0], body)
        return 201, {"result": "created"}

    def remove_item(self, at: list[Any], _: Json, __: Json) -> tuple[int, Json]:
        _remove(at[0], at[1])
        return 200, {"item": {"state": "removed"}}

    def push_batch(self, at: list[Any], body: Json, _: Json) -> tuple[int, Json]:
        counts = dict.fromkeys(_COUNTS, 0)
        for item in body.get("items", []):
            counts[_put(at[0], item)] += 1
        for each in body.get("removals", []):
            counts[_remove(at[0], each["externalItemId"])] += 1
        return 200, {"counts": counts, "results": []}

    # Runs and generations

    def start_run(self, at: list[Any], body: Json, _: Json) -> tuple[int, Json]:
        source: Source = at[0]
        run = Run(self._new("run_"), source.current, body.get("message"), *_planned(source))
        source.runs[run.id] = run
        return 201, {"run": _run(source, run)}

    def list_changes(self, at: list[Any], _: Json, query: Json) -> tuple[int, Json]:
        kind, with_content = query.get("change"), query.get("include") == "content"
        changes = [each for each in at[0].runs[at[1]].changes if kind is None or each["change"] == kind]
        shown = changes if with_content else [_without(each, "before", "after") for each in changes]
        return 200, {"changes": shown, "nextCursor": None, "planVersion": 1, "erasedCount": 0}

    def apply_run(self, at: list[Any], body: Json, _: Json) -> tuple[int, Json]:
        source: Source = at[0]
        run = source.runs[at[1]]
        counts = _counts(run)
        if run.state != "published":
            self._check_apply(source, run, body)
            if not run.changes:
                return 200, {"status": "published", "generationId": source.current, "counts": counts}
            run.generation = source.current = self._new("gen_")
            run.state = "published"
            source.generations[run.generation] = run.after
            source.messages[run.generation] = body.get("message", run.message)
            source.touched = {name for name in source.touched if not _is_settled(source, name)}
        return 200, {"status": "published", "generationId": run.generation, "counts": counts}

    def _check_apply(self, source: Source, run: Run, body: Json) -> None:
        if source.fields["publishing"] == "locked":
            raise RefusedError(409, "publishing_locked")
        if body.get("planVersion") not in {None, run.version}:
            raise RefusedError(409, "stale_plan")
        if run.base != source.current:
            run.base, run.version = source.current, run.version + 1
            run.after, run.changes = _planned(source)
            raise RefusedError(409, "stale_base")
        most = (source.fields["removalGuard"] or {}).get("maxItems")
        dropped = _counts(run)["tombstoned"]
        if most is not None and dropped > most and dropped > (body.get("approveRemovals") or 0):
            raise RefusedError(409, "removal_guard")

    def get_generation(self, at: list[Any], _: Json, __: Json) -> tuple[int, Json]:
        return 200, {"generation": {"message": at[0].messages[_generation(at)]}}

    def list_served(self, at: list[Any], _: Json, query: Json) -> tuple[int, Json]:
        served = at[0].generations[_generation(at)].values()
        left = () if query.get("include") == "content" else ("content",)
        return 200, {"items": [_without(each, *left) for each in served], "nextCursor": None, "generationId": at[1]}

    def get_served(self, at: list[Any], _: Json, __: Json) -> tuple[int, Json]:
        served = at[0].generations[_generation(at)]
        if at[2] not in served:
            raise RefusedError(404, "not_found")
        return 200, {"item": served[at[2]], "generationId": at[1]}


def _reply(status: int, body: Json) -> Any:
    text = json.dumps(body)
    return SimpleNamespace(status=status, text=text, body=json.loads(text), headers={"x-request-id": "req-1"})


def _generation(at: list[Any]) -> str:
    name = at[0].current if at[1] == "current" else at[1]
    if name not in at[0].generations:
        raise RefusedError(404, "not_found")
    return str(name)


def _source(source: Source) -> Json:
    served = [each for each in source.served.values() if each["removedAt"] is None]
    return {
        "id": source.id,
        "status": "active",
        "serving": "on",
        **source.fields,
        "generationId": source.current,
        "sequence": len(source.generations),
        "servedItems": len(served),
        "lastPublishedAt": "2026-11-28T12:00:00Z" if source.current else None,
        "pendingChanges": len(source.touched),
        "pendingChangesMore": False,
    }


def _staged(staged: Staged) -> Json:
    return {
        **_without(staged.item, "content"),
        "state": staged.state,
        "contentHash": staged.hash,
        "contentBytes": len(staged.item["content"].encode()),
    }


def _without(entry: Json, *names: str) -> Json:
    return {name: value for name, value in entry.items() if name not in names}


def _put(source: Source, item: Json) -> str:
    before = source.staged.get(item["externalItemId"])
    after = Staged(item)
    if before is not None and before.state == "active" and before.hash == after.hash:
        return "unchanged"
    source.staged[item["externalItemId"]] = after
    source.touched.add(item["externalItemId"])
    return "created" if before is None or before.state != "active" else "updated"


def _remove(source: Source, name: str) -> str:
    staged = source.staged.get(name)
    if staged is None or staged.state != "active":
        return "unchanged"
    staged.state, staged.removed_at = "removed", "2026-11-28T12:00:00Z"
    source.touched.add(name)
    return "removed"


def _is_settled(source: Source, name: str) -> bool:
    served, staged = source.served.get(name), source.staged[name]
    if staged.state == "active":
        return served is not None and served["removedAt"] is None and served["contentHash"] == staged.hash
    return served is None or served["removedAt"] is not None


def _planned(source: Source) -> tuple[dict[str, Json], list[Json]]:
    after: dict[str, Json] = {}
    changes: list[Json] = []
    for name in sorted(
        source.staged.keys() | source.served.keys(), key=lambda each: hashlib.sha256(each.encode()).digest()
    ):
        before, staged = source.served.get(name), source.staged[name]
        entry = _entry(staged)
        if staged.state == "active":
            after[name] = entry
            if before is None:
                changes.append(_change("added", None, entry))
            elif before["removedAt"] is not None:
                changes.append(_change("restored", before, entry))
            elif before["contentHash"] != entry["contentHash"]:
                changes.append(_change("updated", before, entry))
        elif before is not None and source.fields["graceDays"] == 0:
            changes.append(_change("tombstoned", before, None))
        elif before is not None:
            after[name] = {**before, "removedAt": staged.removed_at}
            if before["removedAt"] is None:
                changes.append(_change("removed", before, after[name]))
    return after, changes


def _entry(staged: Staged) -> Json:
    fields = {name: staged.item[name] for name in _FIELDS if name in staged.item}
    return {
        "externalItemId": staged.item["externalItemId"],
        **fields,
        "contentHash": staged.hash,
        "contentBytes": len(staged.item["content"].encode()),
        "removedAt": None,
    }


def _change(kind: str, before: Json | None, after: Json | None) -> Json:
    side = after or before or {}
    old, new = before or {}, after or {}
    fields = [name for name in _FIELDS if old.get(name) != new.get(name)] if kind == "updated" else []
    return {
        "externalItemId": side["externalItemId"],
        "change": kind,
        "title": side["title"],
        "contentHash": side["contentHash"],
        "previousContentHash": old.get("contentHash"),
        "removedAt": new.get("removedAt"),
        "fields": fields,
        "before": {name: old.get(name) for name in fields},
        "after": {name: new.get(name) for name in fields},
    }


def _counts(run: Run) -> Json:
    counts = {kind: sum(each["change"] == kind for each in run.changes) for kind in _CHANGES}
    return {**counts, "unchanged": 0, "total": len(run.after)}


def _run(source: Source, run: Run) -> Json:
    return {
        "id": run.id,
        "sourceId": source.id,
        "state": run.state,
        "planVersion": run.version,
        "baseGenerationId": run.base,
        "applyEligible": True,
        "counts": _counts(run),
        "lastError": None,
    }


_Answering = Callable[[PretendedApi, list[Any], Json, Json], tuple[int, Json]]
_S, _N = "/v1/sources/([^/]+)", "([^/]+)"
_ROUTES: tuple[tuple[str, str, _Answering], ...] = (
    ("GET /v1/whoami", "sources:read", PretendedApi.who),
    ("GET /v1/sources", "sources:read", PretendedApi.list_sources),
    ("POST /v1/sources", "sources:write", PretendedApi.create_source),
    (f"GET {_S}", "sources:read", PretendedApi.get_source),
    (f"PATCH {_S}", "sources:write", PretendedApi.update_source),
    (f"GET {_S}/imports", "items:write", PretendedApi.list_imports),
    (f"GET {_S}/items", "items:read", PretendedApi.list_items),
    (f"POST {_S}/items", "items:write", PretendedApi.push_item),
    (f"POST {_S}/items/batch", "items:write", PretendedApi.push_batch),
    (f"GET {_S}/items/{_N}", "items:read", PretendedApi.get_item),
    (f"DELETE {_S}/items/{_N}", "items:write", PretendedApi.remove_item),
    (f"POST {_S}/runs", "runs:write", PretendedApi.start_run),
    (f"GET {_S}/runs/{_N}/changes", "runs:read", PretendedApi.list_changes),
    (f"POST {_S}/runs/{_N}/apply", "runs:apply", PretendedApi.apply_run),
    (f"GET {_S}/generations/{_N}", "runs:read", PretendedApi.get_generation),
    (f"GET {_S}/generations/{_N}/items", "items:read", PretendedApi.list_served),
    (f"GET {_S}/generations/{_N}/items/{_N}", "items:read", PretendedApi.get_served),
)
