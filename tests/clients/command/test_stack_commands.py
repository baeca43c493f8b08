"""The commands beside those of a folder, against the local stack: what they do is done, and what they show is so."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from knowledge_client import KnowledgeClient, models

from tests.clients.command.on_stack import StackKb, publish
from tests.contract.tenant import Tenant

pytestmark = pytest.mark.long

# What a terminal would obey: an escape sequence, and its short form of one character.
HOSTILE = "Clean \x1b[2J\x1b]0;owned\x07 and \x9b31m text"


@pytest.fixture(scope="module")
def tenant(local_stack: Any) -> Iterator[Tenant]:
    tenant = Tenant(local_stack)
    yield tenant
    tenant.close()


@pytest.fixture(scope="module")
def client(tenant: Tenant) -> Iterator[KnowledgeClient]:
    with KnowledgeClient(tenant.base_url, tenant.token) as client:
        yield client


@pytest.fixture
def kb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, tenant: Tenant) -> StackKb:
    return StackKb(monkeypatch, capsys, tmp_path, tenant)


@pytest.fixture
def source(client: KnowledgeClient) -> models.Source:
    return client.sources.create(name="Help centre", graceDays=0)


def item(name: str, content: str = "Refunds take 14 days.") -> models.ItemInput:
    return {"externalItemId": name, "title": f"About {name}", "content": content, "url": f"https://example.com/{name}"}


@pytest.fixture
def two_generations(client: KnowledgeClient, source: models.Source) -> tuple[str, str]:
    client.items.push_all(source["id"], [item("faq/a"), item("faq/b"), item("guide/c")])
    first = publish(client, source["id"], "the first")
    client.items.push_batch(source["id"], [item("faq/a", "Refunds take 41 days."), item("faq/d")], ["guide/c"])
    return first, publish(client, source["id"], "prices went up")


def ids_of(client: KnowledgeClient, source: models.Source) -> list[str]:
    return sorted(each["externalItemId"] for each in client.generations.items(source["id"]))


def test_log_and_show(kb: StackKb, source: models.Source, two_generations: tuple[str, str]) -> None:
    first, second = two_generations
    ended = kb("log", "--source", source["id"])
    assert ended.code == 0
    _, newest, oldest = ended.out.splitlines()
    assert newest.startswith(f"*  {second}")
    assert ("contract" in newest, "+1 ~1 -1" in newest, newest.endswith("prices went up")) == (True, True, True), (
        ended.out
    )
    assert ("+3" in oldest, oldest.endswith("the first")) == (True, True)
    document = kb("log", "--json", "-n", "1", "--source", source["id"]).document
    assert ([each["id"] for each in document["generations"]], document["hasMore"]) == ([second], True)
    ended = kb("log", "faq/a", "--source", source["id"])
    _, newest, oldest = ended.out.splitlines()
    assert newest.split()[1:2] == [second]
    assert ("updated: content" in newest, "added" in oldest, oldest.endswith("the first")) == (True, True, True)
    document = kb("log", "guide/c", "-n", "1", "--json", "--source", source["id"]).document
    assert ([each["change"] for each in document["history"]], document["hasMore"]) == (["tombstoned"], True)
    ended = kb("log", "none", "--source", source["id"])
    assert (ended.code, ended.out) == (0, "No generation that is kept changed none.\n")
    ended = kb("show", second, "--source", source["id"])
    assert {"~ faq/a  content", "+ faq/d  About faq/d", "- guide/c  About guide/c"} <= set(ended.out.splitlines())
    document = kb("show", first, "--json", "--source", source["id"]).document
    assert (document["generation"]["id"], document["changes"]) == (first, None)


def test_show_a_run_and_both_sides_of_an_item(
    kb: StackKb, client: KnowledgeClient, source: models.Source, two_generations: tuple[str, str]
) -> None:
    client.items.push(source["id"], item("faq/a", HOSTILE))
    run = client.runs.start(source["id"], message="on trial")
    ended = kb("show", run["id"], "--source", source["id"])
    assert {"why: on trial", "~ faq/a  content", "Plan: 1 to change."} <= set(ended.out.splitlines())
    ended = kb("show", "faq/a", "--source", source["id"])
    assert "Refunds take 41 days." in ended.out
    assert "Clean \\x1b[2J\\x1b]0;owned\\x07 and \\x9b31m text" in ended.out
    assert not {"\x1b", "\x9b", "\x07"} & set(ended.out + ended.err)
    document = kb("show", "faq/a", "--json", "--source", source["id"]).document
    assert (document["same"], document["served"]["content"], document["staged"]["content"]) == (
        False,
        "Refunds take 41 days.",
        HOSTILE,
    )
    assert "is served, and staged, so" in kb("show", "faq/b", "--source", source["id"]).out
    assert kb("show", "guide/c", "--source", source["id"]).out.startswith("guide/c is not served\nguide/c was removed")
    large = item("faq/large", "\x01" * 1_000_000)
    client.items.push_batch(source["id"], [large])
    document = kb("show", "faq/large", "--json", "--source", source["id"]).document
    assert (document["served"], document["staged"]["content"]) == (None, large["content"])
    ended = kb("show", "faq/none", "--source", source["id"])
    assert (ended.code, "(not_found)" in ended.err) == (4, True)


def test_rm_lists_first_and_stages_only(
    kb: StackKb, client: KnowledgeClient, source: models.Source, two_generations: tuple[str, str]
) -> None:
    before = ids_of(client, source)
    ended = kb("rm", "faq/", "--source", source["id"])
    assert (ended.code, "--yes" in ended.err, "- faq/a" in ended.err) == (3, True, True)
    ended = kb("rm", "faq/", "--dry-run", "--json", "--source", source["id"])
    assert (ended.code, len(ended.document["items"])) == (2, 3)
    assert [each["externalItemId"] for each in client.items.list(source["id"], state="active", prefix="faq/")]
    ended = kb("rm", "faq/a", "--exact", "--yes", "--source", source["id"])
    assert (ended.code, "1 item staged for removal" in ended.out) == (0, True)
    assert kb("rm", "faq/", "--yes", "--json", "--source", source["id"]).document["removed"] == 2
    assert list(client.items.list(source["id"], state="active")) == []
    assert ids_of(client, source) == before
    ended = kb("rm", "faq/", "--source", source["id"])
    assert (ended.code, ended.out) == (0, "No item's id begins with faq/.\n")


def test_rollback_shows_asks_and_restores(
    kb: StackKb, client: KnowledgeClient, source: models.Source, two_generations: tuple[str, str]
) -> None:
    first, second = two_generations
    ended = kb("rollback", "--source", source["id"])
    assert (ended.code, "--yes" in ended.err, "Plan: 1 to add, 1 to change, 1 to remove." in ended.err) == (
        3,
        True,
        True,
    )
    assert client.generations.get(source["id"])["id"] == second
    ended = kb("rollback", "--dry-run", "--source", source["id"])
    assert (ended.code, f"back to 1 ({first})" in ended.out) == (2, True)
    document = kb("rollback", first, "--yes", "-m", "wrong prices", "--json", "--source", source["id"]).document
    now = client.generations.get(source["id"])
    assert (document["generationId"], document["replaced"], now["message"]) == (now["id"], second, "wrong prices")
    assert ids_of(client, source) == ["faq/a", "faq/b", "guide/c"]
    ended = kb("rollback", first, "--yes", "--source", source["id"])
    assert (ended.code, "0 changes" in ended.out) == (0, True)
    # The last one that was different is the one that was rolled back.
    assert kb("rollback", "--yes", "--source", source["id"]).code == 0
    assert ids_of(client, source) == ["faq/a", "faq/b", "faq/d"]


def test_export_is_taken_back_by_import(
    kb: StackKb, client: KnowledgeClient, source: models.Source, two_generations: tuple[str, str]
) -> None:
    first, _ = two_generations
    ended = kb("export", "--source", source["id"])
    assert ended.code == 0
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert sorted(each["externalItemId"] for each in lines) == ["faq/a", "faq/b", "faq/d"]
    ended = kb("export", first, "--to", "old.ndjson.gz", "--json", "--source", source["id"])
    assert (ended.code, ended.document["export"]["itemsWritten"]) == (0, 3)
    plain = gzip.decompress((kb.folder / "old.ndjson.gz").read_bytes())
    assert b"guide/c" in plain
    assert kb("export", first, "--to", "old.ndjson", "--source", source["id"]).code == 0
    assert (kb.folder / "old.ndjson").read_bytes() == plain
    ended = kb("export", first, "--to", "old.ndjson", "--source", source["id"])
    assert (ended.code, "(file_exists)" in ended.err) == (3, True)
    copy = client.sources.create(name="Copy")
    ended = kb("import", "old.ndjson.gz", "--mode", "snapshot", "--apply", "--wait", "--source", copy["id"])
    assert (ended.code, "completed: 3 lines, 3 created" in ended.out) == (0, True)
    hashes = [client.generations.get(each["id"], at)["rootHash"] for each, at in ((copy, "current"), (source, first))]
    assert hashes[0] == hashes[1]


def test_import_tells_bad_lines_and_goes_on_without_waiting(
    kb: StackKb, client: KnowledgeClient, source: models.Source
) -> None:
    bad = {"externalItemId": "bad", "title": "", "content": "x"}
    (kb.folder / "some.ndjson").write_text(json.dumps(item("good")) + "\n" + json.dumps(bad) + "\nno json\n")
    ended = kb("import", "some.ndjson", "--mode", "upsert", "--wait", "--source", source["id"])
    assert ended.code == 3
    assert "completed_with_errors: 3 lines, 1 created, 2 rejected" in ended.out
    head, *rows = ended.out.splitlines()[-3:]
    assert head.split() == ["line", "item", "where", "what", "is", "wrong"]
    assert (rows[0].split()[:3], rows[1].split()[0]) == (["2", "bad", "title"], "3")
    # An import that is to be published stands none, and tells them too.
    ended = kb("import", "some.ndjson", "--mode", "upsert", "--apply", "--wait", "--source", source["id"])
    assert (ended.code, "(too_many_rejected)" in ended.err, "bad" in ended.err) == (4, True, True)
    ended = kb("import", "some.ndjson", "--mode", "upsert", "--json", "--source", source["id"])
    assert (ended.code, ended.document["import"]["mode"]) == (0, "upsert")
    client.imports.wait(source["id"], ended.document["import"]["id"])
    ended = kb("import", "none.ndjson", "--mode", "upsert", "--source", source["id"])
    assert (ended.code, "none.ndjson can't be read" in ended.err) == (3, True)


def test_search_and_ask(
    kb: StackKb, client: KnowledgeClient, source: models.Source, two_generations: tuple[str, str]
) -> None:
    ended = kb("search", "refunds", "--source", source["id"])
    assert (ended.code, "    faq/a  https://example.com/faq/a" in ended.out.splitlines()) == (0, True)
    document = kb("search", "refunds", "-n", "2", "--json", "--everywhere").document
    assert len(document["results"]) == 2
    client.items.push(source["id"], item("faq/new", "Umbrellas are lent at the door."))
    run = client.runs.start(source["id"])
    assert "Nothing is found" in kb("search", "umbrellas", "--source", source["id"]).out
    assert "faq/new" in kb("search", "umbrellas", "--run", run["id"], "--source", source["id"]).out
    ended = kb("ask", "How long do refunds take?", "--source", source["id"])
    assert (ended.code, "[1]" in ended.out, "days" in ended.out) == (0, True, True)
    answer = kb("ask", "Who discovered Jupiter's moons?", "--json", "--source", source["id"]).document
    assert answer["status"] == "not_found"


def test_keys(kb: StackKb, tenant: Tenant, client: KnowledgeClient) -> None:
    ended = kb("keys", "create", "ci", "--scope", "items:read", "--scope", "sources:read", "--to", "key")
    assert (ended.code, ended.out) == (0, "")
    secret = (kb.folder / "key").read_text().strip()
    assert stat.S_IMODE((kb.folder / "key").stat().st_mode) == 0o600
    assert secret not in ended.err
    [key] = [each for each in kb("keys", "list", "--json").document["keys"] if each["name"] == "ci"]
    assert key["scopes"] == ["items:read", "sources:read"]
    ended = kb("keys", "rotate", key["id"], "--overlap", "60")
    assert (ended.code, ended.out.startswith("sk_live_"), f"follows {key['id']}" in ended.err) == (0, True, True)
    ended = kb("keys", "revoke", key["id"])
    assert (ended.code, "--yes" in ended.err) == (3, True)
    ended = kb("keys", "revoke", key["id"], "--yes")
    assert (ended.code, ended.out) == (0, f"{key['id']} is revoked\n")
    assert "revoked" in kb("keys", "list", "--status", "revoked").out
    kb.as_key(secret)
    ended = kb("status")
    assert (ended.code, "(key_revoked)" in ended.err) == (4, True)


def test_a_key_that_may_only_read_is_refused_and_nothing_happens(
    kb: StackKb, tenant: Tenant, client: KnowledgeClient, source: models.Source, two_generations: tuple[str, str]
) -> None:
    kb.as_key(tenant.key(scopes=["sources:read", "items:read", "runs:read"]))
    for arguments in (["rm", "faq/"], ["rollback"]):
        ended = kb(*arguments, "--yes", "--source", source["id"])
        assert (ended.code, "(insufficient_scope)" in ended.err) == (4, True)
    (kb.folder / "some.ndjson").write_text(json.dumps(item("good")) + "\n")
    ended = kb("import", "some.ndjson", "--mode", "upsert", "--source", source["id"])
    assert (ended.code, "(insufficient_scope)" in ended.err) == (4, True)
    assert kb("search", "refunds").code == kb("ask", "refunds?").code == kb("keys", "list").code == 4
    assert kb("log", "--source", source["id"]).code == kb("show", "faq/a", "--source", source["id"]).code == 0
    assert client.generations.get(source["id"])["id"] == two_generations[1]
    for unknown in ("src_01KAQ5J8Z1A2B3C4D5E6F7G8H9", "nonsense"):
        ended = kb("log", "--source", unknown)
        assert (ended.code, "(not_found)" in ended.err) == (4, True)
