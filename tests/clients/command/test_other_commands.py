"""What the commands beside those of a folder do where something is missing, refused, or in the way."""

from __future__ import annotations

import gzip
import io
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from knowledge_client.command import main

from tests.clients.command.driver import Kb, pages, said
from tests.clients.command.test_output import terminal_of

SOURCE: dict[str, Any] = {
    "id": "src_1",
    "name": "Docs",
    "label": "docs-1@x/y",
    "status": "active",
    "generationId": "gen_3",
    "sequence": 3,
    "graceDays": 7,
}
COUNTS = {"added": 1, "updated": 0, "removed": 0, "restored": 0, "tombstoned": 0, "unchanged": 0, "total": 1}
AUTHOR = {"keyId": "key_1", "name": "\x1b[31mci\u202e"}
SECRET = "sk_live_abcdefghijklmnopqrstuvwxyz"
KEY = {"id": "key_2", "name": "ci", "status": "active", "lastUsedAt": None, "scopes": ["items:read"], "expiresAt": None}


def generation(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"gen_{number}",
        "sequence": number,
        "baseGenerationId": f"gen_{number - 1}",
        "origin": "run",
        "restoredFrom": None,
        "rootHash": f"hash {number}",
        "counts": COUNTS,
        "contentBytes": 10,
        "createdBy": AUTHOR,
        "message": "a\nb\x9b",
        "publishedAt": "2026-11-28T12:00:00Z",
        "retiredAt": None,
        **more,
    }


class Api:
    """A tenant with one source; `answers` say more, by method and path."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {
            "GET /sources/src_1": {"source": SOURCE},
            "GET /sources/src_1/generations": {
                "generations": [generation(number) for number in (3, 2, 1)],
                "nextCursor": None,
            },
            "GET /sources/src_1/generations/current": {"generation": generation(3)},
            "GET /sources/src_1/generations/gen_2/changes": {"changes": [change("a.md")], "nextCursor": None},
            **answers,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        found = self.answers.get(f"{request.method} {request.url.path.removeprefix('/api/v1')}")
        if found is None:
            return said(404, "not_found")
        found = found() if callable(found) else found
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)


def change(name: str, kind: str = "added") -> dict[str, Any]:
    return {"externalItemId": name, "change": kind, "title": "T \x1b[2J", "fields": ["content"]}


EVERY = [
    ["log"],
    ["show", "a.md"],
    ["show", "gen_1"],
    ["show", "run_1"],
    ["rm", "a"],
    ["rollback"],
    ["import", "x.ndjson", "--mode", "upsert"],
    ["export", "--to", "y.ndjson"],
    ["search", "word"],
    ["ask", "what?"],
]
WITH_KEYS = [["keys", "list"], ["keys", "create", "x"], ["keys", "rotate", "key_1"], ["keys", "revoke", "key_1"]]


@pytest.fixture
def here(kb: Kb) -> Kb:
    (kb.folder / "x.ndjson").write_text("{}\n")
    return kb


@pytest.mark.parametrize("arguments", [each for each in EVERY if each[0] not in {"search", "ask"}])
def test_without_a_source_it_is_said_how_to_name_one(here: Kb, arguments: list[str]) -> None:
    ended = here(*arguments)
    assert (ended.code, ended.out, "--source" in ended.err) == (3, "", True)
    assert here.requests == []
    (here.folder / "kb.toml").write_text('[source]\nname = "Docs"\nlabel = "docs-1@x/y"\nmoved_to = "anywhere"\n')
    here.answering = lambda request: (
        pages("sources", [])
        if request.url.path.endswith("/sources")
        else httpx.Response(200, json={"key": {"sourceIds": None}})
    )
    ended = here(*arguments)
    assert (ended.code, "(no_source)" in ended.err) == (3, True)


@pytest.mark.parametrize("arguments", [*EVERY, *WITH_KEYS])
def test_no_answer_is_a_matter_of_the_network(here: Kb, arguments: list[str]) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is there", request=request)

    here.answering = broken
    named = [] if arguments[0] == "keys" else ["--source", "src_1"]
    ended = here(*arguments, *named, "--json")
    assert (ended.code, ended.document["error"]["code"]) == (5, "no_answer")
    assert not (here.folder / "y.ndjson").exists()


@pytest.mark.parametrize("arguments", [*EVERY, *WITH_KEYS])
@pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (403, "insufficient_scope")])
def test_refusal_is_told_and_nothing_is_written(here: Kb, arguments: list[str], status: int, code: str) -> None:
    here.answering = lambda _: said(status, code)
    named = [] if arguments[0] == "keys" else ["--source", "src_1"]
    ended = here(*arguments, *named)
    assert (ended.code, ended.out, f"({code})" in ended.err) == (4, "", True)
    assert not (here.folder / "y.ndjson").exists()


def test_what_comes_from_outside_is_never_obeyed_by_a_terminal(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    kb.answering = Api()
    terminal = terminal_of(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    for arguments in (["log"], ["log", "--json"], ["rollback", "--dry-run"], ["rollback", "--dry-run", "--json"]):
        assert main([*arguments, "--source", "src_1"]) in {0, 2}
    written = terminal.getvalue()
    assert "\\x1b[31mci\\u202e" in written
    # What is bold is so by the command itself.
    assert not {"\x1b", "\x9b", "\u202e"} & set(written.replace("\x1b[1m", "").replace("\x1b[0m", ""))
    document = json.loads(written[written.index("{") : written.index("}\n", written.index('"hasMore"')) + 1])
    assert document["generations"][0]["message"] == "a\nb\x9b"


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_is_asked(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    kb.answering = Api()
    terminal = terminal_of(monkeypatch)
    monkeypatch.setattr(sys, "stdin", Keyboard("n\n"))
    assert main(["rollback", "--source", "src_1"]) == 3
    assert "Serve again what generation 2 of Docs served? [y/N]" in terminal.getvalue()
    assert "nothing was done" in terminal.getvalue()
    assert kb.written == []
    # Its end is no answer.
    monkeypatch.setattr(sys, "stdin", Keyboard(""))
    assert main(["rollback", "--source", "src_1"]) == 130
    assert kb.written == []
    kb.answering = Api(
        **{
            "POST /sources/src_1/generations/gen_2/restore": {"status": "published", "generationId": "gen_5"},
            "GET /sources/src_1/generations/gen_5": {"generation": generation(5, baseGenerationId="gen_4")},
        }
    )
    monkeypatch.setattr(sys, "stdin", Keyboard("y\n"))
    # What somebody published in between was not looked at.
    assert main(["rollback", "--source", "src_1"]) == 3
    assert "gen_4 was published meanwhile, and is not served any more" in terminal.getvalue()
    assert kb.written == [("POST", "/api/v1/sources/src_1/generations/gen_2/restore")]


def test_rollback_passes_by_what_served_the_same_and_what_is_not_kept(kb: Kb) -> None:
    kb.answering = Api(
        **{
            "GET /sources/src_1/generations": {
                "generations": [generation(3), generation(2, rootHash="hash 3"), generation(1, retiredAt="2026-11-01")],
                "nextCursor": None,
            }
        }
    )
    ended = kb("rollback", "--source", "src_1")
    assert (ended.code, "(nothing_earlier)" in ended.err) == (3, True)


def test_rm_of_everything_is_refused_and_a_broken_one_says_how_far_it_came(
    kb: Kb, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (kb("rm", "", "--yes", "--source", "src_1").code, kb.requests) == (3, [])
    monkeypatch.setattr("knowledge_client.command.commands.rm._BATCH_ITEMS", 2)
    items = [{"externalItemId": f"a/{number}", "title": "T"} for number in range(5)]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            asked = json.loads(request.content)
            taken = asked["removals"][0]["externalItemId"] == "a/0"
            return httpx.Response(200, json={"counts": {}, "results": []}) if taken else said(409, "source_inactive")
        return (
            pages("items", items)
            if request.url.path.endswith("/items")
            else httpx.Response(200, json={"source": SOURCE})
        )

    kb.answering = answer
    ended = kb("rm", "a/", "--yes", "--source", "src_1")
    assert (ended.code, "2 of 5 removals were staged before" in ended.err) == (4, True)


def packed(text: str) -> bytes:
    return gzip.compress(text.encode())


def exporting(raw: bytes, size: int | None = None) -> Api:
    export = {
        "id": "exp_1",
        "generationId": "gen_3",
        "state": "completed",
        "bytes": len(raw) if size is None else size,
        "itemsWritten": 1,
        "error": None,
        "file": {"url": "https://storage.example/file", "expiresAt": ""},
    }
    made = Api(
        **{
            "POST /sources/src_1/generations/current/exports": httpx.Response(201, json={"export": export}),
            "GET /sources/src_1/generations/gen_3/exports/exp_1": {"export": export},
        }
    )
    made.answers["GET /file"] = lambda: httpx.Response(200, stream=httpx.ByteStream(raw))
    return made


def test_export_is_whole_or_not_there(kb: Kb) -> None:
    (kb.folder / "old.ndjson").write_text("what was there")
    for api in (exporting(packed("{}\n")[:-6]), exporting(packed("{}\n"), 7)):
        kb.answering = api
        ended = kb("export", "--to", "old.ndjson", "--force", "--source", "src_1")
        assert (ended.code in {4, 5}, "(file_damaged)" in ended.err) == (True, True)
        assert [each.name for each in kb.folder.iterdir()] == ["old.ndjson"]
        assert (kb.folder / "old.ndjson").read_text() == "what was there"
    kb.answering = exporting(packed("{}\n"))
    assert kb("export", "--to", "old.ndjson", "--force", "--source", "src_1").code == 0
    assert (kb.folder / "old.ndjson").read_text() == "{}\n"


def test_export_has_a_place_before_anything_is_asked(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (["--json"], ["--to", "none/x.ndjson"]):
        assert kb("export", "--source", "src_1", *arguments).code == 3
    terminal = terminal_of(monkeypatch)
    assert main(["export", "--source", "src_1"]) == 3
    assert "kb export > items.ndjson" in terminal.getvalue()
    assert kb.requests == []


def test_upload_that_does_not_get_through_gives_its_place_back(kb: Kb) -> None:
    (kb.folder / "x.ndjson").write_text("{}\n")
    kb.answering = Api(
        **{
            "POST /sources/src_1/imports": {
                "import": {"id": "imp_1", "state": "awaiting_upload"},
                "upload": {"method": "PUT", "url": "https://storage.example/in", "headers": {}},
            },
            "GET /sources/src_1/imports/imp_1": {"import": {"id": "imp_1", "state": "awaiting_upload"}},
            "PUT /in": httpx.Response(400, text="no"),
        }
    )
    ended = kb("import", "x.ndjson", "--mode", "upsert", "--source", "src_1")
    assert (ended.code, "(upload_failed)" in ended.err) == (5, True)
    assert kb.written[-1] == ("POST", "/api/v1/sources/src_1/imports/imp_1/cancel")


def test_a_secret_has_a_place_before_it_is_made(kb: Kb) -> None:
    (kb.folder / "there").write_text("")
    for arguments in (["--quiet"], ["--to", "there"], ["--to", "none/key"]):
        assert kb("keys", "create", "ci", *arguments).code == 3
        assert kb("keys", "rotate", "key_1", *arguments).code == 3
    assert kb.requests == []
    kb.answering = Api(**{"POST /admin/keys": httpx.Response(201, json={"key": KEY, "secret": SECRET})})
    ended = kb("keys", "create", "ci", "--quiet", "--to", "key")
    assert (ended.code, ended.out, (kb.folder / "key").read_text()) == (0, "", f"{SECRET}\n")
    assert stat.S_IMODE((kb.folder / "key").stat().st_mode) == 0o600
    ended = kb("keys", "create", "ci", "--json", "--to", "key2")
    assert (ended.document, SECRET in ended.out + ended.err) == ({"key": KEY}, False)
    assert kb("keys", "create", "ci").out == f"{SECRET}\n"


def test_a_secret_that_finds_its_place_taken_is_shown_after_all(kb: Kb) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        (kb.folder / "key").mkdir(exist_ok=True)
        return httpx.Response(201, json={"key": KEY, "secret": SECRET})

    kb.answering = answer
    ended = kb("keys", "create", "ci", "--to", "key")
    assert (ended.code, ended.out) == (0, f"{SECRET}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(kb: Kb, shell: str) -> None:
    ended = kb("completion", shell)
    assert (ended.code, "_KB_COMPLETE" in ended.out) == (0, True)
    assert kb("completion", "tcsh").code == 3
    assert kb.requests == []


def test_bash_completes_commands(kb: Kb) -> None:
    """As bash asks: by the environment, and words."""
    code = "from knowledge_client.command import main; main()"
    known = {
        "_KB_COMPLETE": "bash_complete",
        "COMP_WORDS": "kb ro",
        "COMP_CWORD": "1",
        "PYTHONPATH": ":".join(sys.path),
    }
    done = subprocess.run([sys.executable, "-c", code], env=known, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["plain,rollback"]


def test_help_names_every_command(kb: Kb) -> None:
    told = kb("--help").out
    for name in ("log", "show", "rm", "rollback", "import", "export", "search", "ask", "keys", "completion"):
        assert f"\n  {name} " in told
    assert Path(kb.folder).exists()
