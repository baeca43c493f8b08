"""A page of entries of the largest kind ends before Lambda's bound, here a twentieth, and leaves nothing out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from httpapi import exchange, strict_json
from httpapi.answers import Answer
from knowledge.actors import Actor, Author
from knowledge.audit import AuditEntry, AuditKind, audit_row
from knowledge.envelope import envelope_bytes
from knowledge.ids import new_id
from knowledge.limits import ENVELOPE_BYTES, PAGE_ENTRIES
from knowledge.questions.model import CitedItem, KeptQuestion, QuestionKind, QuestionStatus
from knowledge.questions.rows import question_row
from knowledge.storage.attributes import from_row, to_row

from testing.edge import Edge
from tests.support.edge_lists import pages
from tests.support.edge_questions import owner_of

# In the texts of somebody each takes four bytes of what Lambda carries.
QUOTES = '"' * 1_000
SOURCES = [f"src_{number:026}" for number in range(100)]
ENTRIES = 60
BOUND = ENVELOPE_BYTES // 20


def put_rows(edge: Edge, table: str, rows: Iterable[dict[str, Any]]) -> None:
    waiting = [{"PutRequest": {"Item": to_row(row)}} for row in rows]
    for first in range(0, len(waiting), 25):
        request = {edge.resources.table_name(table): waiting[first : first + 25]}
        edge.resources.client("dynamodb").batch_write_item(RequestItems=request)


def put_changes(edge: Edge) -> set[str]:
    actor = Actor(Author("k" * 16, QUOTES[:100]), "k" * 16, "r" * 36, "2001:db8::1", QUOTES[:256])
    told = {"name": QUOTES[:200], "sourceIds": SOURCES}
    tenant, subject = edge.tenant_of(edge.token), {"keyId": "k" * 16}
    made = [
        AuditEntry(tenant, edge.clock(), AuditKind.KEY_UPDATED, actor, subject, told, told, QUOTES[:500])
        for _ in range(ENTRIES)
    ]
    put_rows(edge, "AuditTable", map(audit_row, made))
    return {entry.entry_id for entry in made}


def put_keys(edge: Edge) -> set[str]:
    found = edge.resources.client("dynamodb").scan(TableName=edge.resources.table_name("KeysTable"))["Items"]
    key = next(row for row in map(from_row, found) if row.get("keyId") and row["keyId"] in edge.token)
    told = {"name": QUOTES[:100], "description": QUOTES[:500], "sourceIds": SOURCES}
    ids = [f"{number:016}" for number in range(ENTRIES)]
    put_rows(edge, "KeysTable", [{**key, **told, "keyId": each} for each in ids])
    return set(ids)


def put_questions(edge: Edge) -> set[str]:
    cited = tuple(CitedItem(SOURCES[number], QUOTES[:512]) for number in range(8))
    made = [
        KeptQuestion(
            question_id=new_id("ans", edge.clock()),
            owner=owner_of(edge),
            kind=QuestionKind.QUESTION,
            text=QUOTES,
            status=QuestionStatus.ANSWERED,
            source_ids=frozenset(SOURCES[:10]),
            asked_at=edge.clock(),
            cited=cited,
        )
        for _ in range(ENTRIES)
    ]
    put_rows(edge, "QuestionsTable", map(question_row, made))
    return {question.question_id for question in made}


@pytest.mark.parametrize(
    ("path", "name", "scope", "put"),
    [
        ("/v1/admin/audit", "entries", "audit:read", put_changes),
        ("/v1/admin/keys", "keys", "keys:manage", put_keys),
        ("/v1/questions", "questions", "answers:manage", put_questions),
    ],
)
def test_entries_of_the_largest_kind_come_in_pages_that_are_carried(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, path: str, name: str, scope: str, put: Callable[[Edge], set[str]]
) -> None:
    monkeypatch.setattr(exchange, "ENVELOPE_BYTES", BOUND)
    key = edge.key(edge.admin, name="reader", scopes=[scope])
    ids = put(edge)
    too_large: list[int] = []
    count = exchange._how_many_fit

    def counted(answer: Answer, size: int) -> int:
        too_large.append(size)
        return count(answer, size)

    monkeypatch.setattr(exchange, "_how_many_fit", counted)
    whole = list(pages(edge, path, f"limit={PAGE_ENTRIES}", key))
    assert all(envelope_bytes(strict_json.write(page).encode()) <= BOUND for page in whole)
    read = [page[name] for page in whole]
    found = [entry.get("id") or entry["keyId"] for page in read for entry in page]
    assert set(found) >= ids
    assert len(found) == len(set(found))
    # Each page but the last was read twice at most, and is as full as it can be.
    assert 1 <= len(too_large) <= len(read)
    assert all(len(page) >= ENTRIES // (len(read) + 1) for page in read[:-1])
