"""`kb status`."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.clients.command.driver import Kb, pages, said

SOURCE = {
    "id": "src_1",
    "name": "Docs",
    "label": "docs-1@x/y",
    "status": "active",
    "generationId": "gen_1",
    "sequence": 3,
    "servedItems": 12,
    "lastPublishedAt": "2026-11-28T12:00:00Z",
    "pendingChanges": 2,
}
SOUND = '[source]\nname = "Docs"\nlabel = "docs-1@x/y"\nmoved_to = "anywhere"\n'


class Api:
    """A tenant with one source."""

    def __init__(self, source: Any = None, key: Any = None) -> None:
        self.source = source
        self.key = key or {"sourceIds": None}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path.removeprefix("/api/v1"):
            case "/sources":
                return pages("sources", [self.source] if self.source else [])
            case "/whoami":
                return httpx.Response(200, json={"tenantId": "ten_1", "key": self.key})
            case "/sources/src_1":
                return httpx.Response(200, json={"source": self.source})
            case "/sources/src_1/imports":
                return said(403, "insufficient_scope")
        return said(404, "not_found")


def test_source_is_told(kb: Kb) -> None:
    (kb.folder / "kb.toml").write_text(SOUND)
    kb.answering = Api(SOURCE)
    ended = kb("status")
    assert ended.code == 0
    assert "generation 3 (gen_1), 12 items" in ended.out
    assert "2 changes wait" in ended.out
    assert kb("--json", "status").document["source"] == kb("status", "--json").document["source"] == SOURCE
    assert kb("status", "--quiet").out == ""
    assert {each.url.params.get("label") for each in kb.requests if each.url.path.endswith("/sources")} == {
        "docs-1@x/y"
    }
    assert kb.written == []


def test_another_source_is_told_by_its_id(kb: Kb) -> None:
    kb.answering = Api(SOURCE)
    assert "generation 3 (gen_1), 12 items" in kb("status", "--source", "src_1").out
    assert kb("status", "--source", "src_1", "--json").document["source"] == SOURCE
    assert kb("status", "--source", "src_2").code == 4


@pytest.mark.parametrize(
    ("pending", "more", "told"),
    [
        (0, False, "nothing waits to be published"),
        (1, False, "1 change waits to be published"),
        (2, False, "2 changes wait to be published"),
        (1, True, "1 or more changes wait to be published"),
        (0, True, "what is staged may differ from what is served: kb plan shows it"),
        (None, False, "a publication is being tidied up"),
    ],
)
def test_what_waits_is_told_in_words(kb: Kb, pending: int | None, more: bool, told: str) -> None:
    kb.answering = Api({**SOURCE, "pendingChanges": pending, "pendingChangesMore": more})
    assert kb("status", "--source", "src_1").out.splitlines()[-1] == told


def test_without_a_kb_toml_every_source_is_told(kb: Kb) -> None:
    kb.answering = Api(SOURCE)
    assert "src_1" in kb("status").out
    assert kb("status", "--json").document == {"sources": [SOURCE]}


def test_watch_tells_each_change_once_until_it_is_stopped(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    (kb.folder / "kb.toml").write_text(SOUND)
    api = Api(SOURCE)
    kb.answering = api
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            api.source = {**SOURCE, "pendingChanges": 0}
        if len(waits) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("knowledge_client.command.session.sleep", wait)
    ended = kb("status", "--watch")
    assert (ended.code, ended.err, waits) == (0, "", [5.0] * 4)
    assert [line for line in ended.out.splitlines() if "publish" in line] == [
        "2 changes wait to be published",
        "nothing waits to be published",
    ]
    waits.clear()
    documents = kb("status", "--watch", "--json").out
    first, end = json.JSONDecoder().raw_decode(documents)
    assert (first["source"]["pendingChanges"], documents[end:].strip()) == (0, "")
    assert kb.written == []


def test_watch_ends_when_the_key_is_refused(kb: Kb) -> None:
    kb.answering = lambda _: said(401, "unauthorized")
    ended = kb("status", "--all", "--watch")
    assert (ended.code, ended.out) == (4, "")


def test_source_that_is_not_there_yet_is_none_and_no_error(kb: Kb) -> None:
    (kb.folder / "kb.toml").write_text(SOUND)
    kb.answering = Api()
    assert kb("status").code == 0
    # A key that is limited to other sources does not know.
    kb.answering = Api(key={"sourceIds": ["src_2"]})
    ended = kb("status")
    assert (ended.code, "(source_not_reached)" in ended.err) == (3, True)


@pytest.mark.parametrize("arguments", [["status"], ["status", "--config", "kb.toml"]])
def test_broken_kb_toml_is_no_missing_one(kb: Kb, arguments: list[str]) -> None:
    (kb.folder / "kb.toml").write_text("[source]\nname = 3\n")
    ended = kb(*arguments)
    assert (ended.code, "line 2: [source] name" in ended.err) == (3, True)
    assert kb.requests == []


def test_copy_of_a_folder_is_refused_by_name(kb: Kb) -> None:
    (kb.folder / "kb.toml").write_text('[source]\nname = "Docs"\nlabel = "docs-1@github.com/acme/site"\n')
    ended = kb("status")
    assert ended.code == 3
    assert "mirrors github.com/acme/site, and this folder is " in ended.err
    assert str(kb.folder.name) in ended.err
    assert kb.requests == []
