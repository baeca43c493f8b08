"""Runs and imports that take their time, and the files that are uploaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from knowledge_client import FailedError, InvalidArgumentError, StillUnderWayError, UploadError

from tests.clients.client.scripted import Script, answer

RUN = {"id": "run_1", "state": "planning", "lastError": None}
IMPORT = {"id": "imp_1", "state": "awaiting_upload", "error": None}
LINK = "https://storage.example/uploads/1?signature=s"
UPLOAD = {"method": "PUT", "url": LINK, "headers": {"x-amz-meta-a": "b", "If-None-Match": "*"}, "expiresAt": ""}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "items.ndjson"
    path.write_bytes(b'{"externalItemId": "a"}\n' * 30_000)
    return path


def seen(**more: Any) -> httpx.Response:
    return answer(200, {"import": {**IMPORT, **more}})


def taken(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


def test_run_is_waited_for_in_bounds() -> None:
    script = Script(answer(202, {"run": RUN}), *[answer(200, {"run": RUN})] * 99)
    with pytest.raises(StillUnderWayError, match="run_1 is still planning after 30 s") as waited:
        script.client.runs.start("src_1", timeout_seconds=30)
    assert waited.value.last == RUN
    assert sum(script.waits) == 30
    assert script.waits[:3] == [0.5, 0.75, 1.125]
    assert len(script.requests) < 15


def test_run_that_can_not_be_planned_is_told() -> None:
    failed = {**RUN, "state": "failed", "lastError": {"code": "internal_error", "message": "it broke"}}
    with pytest.raises(FailedError, match=r"run_1: it broke \(internal_error\)") as failure:
        Script(answer(202, {"run": RUN}), answer(200, {"run": failed})).client.runs.start("src_1")
    assert failure.value.ended == failed


def test_file_is_uploaded_without_the_key_and_told(file: Path) -> None:
    created = answer(201, {"import": IMPORT, "upload": UPLOAD})
    script = Script(created, taken, seen(state="queued"), seen(state="staging"), seen(state="completed"))
    done: list[tuple[int, int]] = []
    told = script.client.imports.run("src_1", file, mode="snapshot", apply=True, progress=lambda *at: done.append(at))
    assert told["state"] == "completed"
    size = file.stat().st_size
    assert [at for at, _ in done] == [262_144, 524_288, size]
    sent = script.requests[1]
    assert (sent.method, str(sent.url), sent.content) == ("PUT", LINK, file.read_bytes())
    assert sent.headers["content-length"] == str(size)
    assert "transfer-encoding" not in sent.headers
    assert sent.headers["x-amz-meta-a"] == "b"
    assert "authorization" not in sent.headers


def test_upload_that_broke_is_sent_from_its_beginning(file: Path) -> None:
    script = Script(httpx.WriteError("broken"), httpx.Response(503), taken, seen(state="queued"))
    assert script.client.imports.upload("src_1", {"import": IMPORT, "upload": UPLOAD}, file)["state"] == "queued"  # type: ignore[typeddict-item]
    assert [len(request.content) for request in script.requests[:3]] == [file.stat().st_size] * 3
    assert len(script.waits) == 2


def test_upload_whose_answer_was_lost_has_arrived(file: Path) -> None:
    created: Any = {"import": IMPORT, "upload": UPLOAD}
    script = Script(httpx.ReadError("lost"), httpx.Response(412), seen(state="queued"), seen(state="queued"))
    assert script.client.imports.upload("src_1", created, file)["state"] == "queued"
    # Somebody else's file is none of ours, and what storage did not keep has not arrived.
    for answers in ([httpx.Response(412)], [httpx.ReadError("lost"), httpx.Response(412), seen()]):
        with pytest.raises(UploadError, match="used before"):
            Script(*answers).client.imports.upload("src_1", created, file)


@pytest.mark.parametrize("status", [302, 307, 400, 403])
def test_upload_that_is_refused_gives_its_place_back(file: Path, status: int) -> None:
    refused = httpx.Response(status, headers={"Location": "https://thief.example/"})
    script = Script(answer(201, {"import": IMPORT, "upload": UPLOAD}), refused, seen(state="cancelled"))
    with pytest.raises(UploadError) as failed:
        script.client.imports.run("src_1", file, mode="upsert")
    assert failed.value.status == status
    assert "signature" not in str(failed.value)
    assert script.asked[-1] == ("POST", "/api/v1/sources/src_1/imports/imp_1/cancel")


def test_file_that_changes_on_its_way_is_told(file: Path) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        file.write_bytes(b"{}\n")
        return httpx.Response(200)

    with pytest.raises(UploadError, match="changed while"):
        Script(cut).client.imports.upload("src_1", {"import": IMPORT, "upload": UPLOAD}, file)  # type: ignore[typeddict-item]


def test_file_that_is_empty_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, told in (("empty", "has 0 bytes"), ("missing", "can't be read: No such file")):
        script = Script(answer(201, {"import": IMPORT, "upload": UPLOAD}), seen(state="cancelled"))
        with pytest.raises(InvalidArgumentError, match=told):
            script.client.imports.run("src_1", tmp_path / name, mode="upsert")


@pytest.mark.parametrize("state", ["failed", "cancelled", "expired"])
def test_import_that_ended_badly_is_told(state: str) -> None:
    error = {"code": "too_many_rejected", "message": "12 lines are bad"} if state == "failed" else None
    with pytest.raises(FailedError) as failed:
        Script(seen(state=state, error=error)).client.imports.wait("src_1", "imp_1")
    assert failed.value.code == ("too_many_rejected" if error else f"import_{state}")


def test_import_is_waited_for_in_bounds() -> None:
    with pytest.raises(StillUnderWayError):
        Script(*[seen(state="staging")] * 99).client.imports.wait("src_1", "imp_1", timeout_seconds=60)
    with pytest.raises(StillUnderWayError):
        erasure = answer(200, {"erasure": {"id": "era_1", "state": "waiting"}})
        Script(*[erasure] * 99).client.erasures.wait("src_1", "era_1", timeout_seconds=60)
