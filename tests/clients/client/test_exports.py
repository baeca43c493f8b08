"""Files of exports: whole or not at all, without the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from knowledge_client import FailedError, UnexpectedAnswerError

from tests.clients.client.scripted import Script, answer

LINK = {"url": "https://storage.example/exports/1?signature=s", "expiresAt": ""}
EXPORT = {"id": "exp_1", "generationId": "gen_1", "state": "writing", "bytes": 0, "file": None, "error": None}
FILE = b"of many members" * 10_000


def seen(status: int = 200, **more: Any) -> httpx.Response:
    return answer(status, {"export": {**EXPORT, **more}})


def completed() -> httpx.Response:
    return seen(state="completed", bytes=len(FILE), file=LINK)


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("the connection broke", request=request)


def test_file_is_written_whole_and_without_the_key(tmp_path: Path) -> None:
    script = Script(
        seen(202), seen(), completed(), broken, httpx.Response(503), httpx.Response(200, stream=httpx.ByteStream(FILE))
    )
    came: list[tuple[int, int]] = []
    export = script.client.exports.run("src_1", tmp_path / "all.gz", progress=lambda *at: came.append(at))
    assert export["state"] == "completed"
    assert (tmp_path / "all.gz").read_bytes() == FILE
    assert came[-1] == (len(FILE), len(FILE))
    assert all("authorization" not in request.headers for request in script.requests[3:])
    assert [path for _, path in script.asked][:2] == [
        "/api/v1/sources/src_1/generations/current/exports",
        "/api/v1/sources/src_1/generations/gen_1/exports/exp_1",
    ]


@pytest.mark.parametrize("given", [FILE[:-1], b""])
def test_file_cut_short_leaves_what_was_there(tmp_path: Path, given: bytes) -> None:
    (tmp_path / "all.gz").write_bytes(b"of yesterday")
    script = Script(seen(202), completed(), httpx.Response(200, stream=httpx.ByteStream(given)))
    with pytest.raises(FailedError, match="file_damaged"):
        script.client.exports.run("src_1", tmp_path / "all.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["all.gz"]
    assert (tmp_path / "all.gz").read_bytes() == b"of yesterday"


def test_redirect_of_storage_is_no_file(tmp_path: Path) -> None:
    script = Script(seen(202), completed(), httpx.Response(307, headers={"Location": "https://other.example"}))
    with pytest.raises(UnexpectedAnswerError):
        script.client.exports.run("src_1", tmp_path / "all.gz")
    assert list(tmp_path.iterdir()) == []


def test_export_that_failed_is_told() -> None:
    failed = {"code": "export_failed", "message": "it broke"}
    script = Script(seen(state="failed", error=failed))
    with pytest.raises(FailedError, match=r"exp_1: it broke \(export_failed\)"):
        script.client.exports.wait("src_1", "gen_1", "exp_1")
