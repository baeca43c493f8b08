"""The local stack's objects lie in files, and memory holds none of their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BUCKET = "contents"


@pytest.fixture
def backend() -> Iterator[Any]:
    from moto import mock_aws

    with mock_aws():
        from local.emulators.objects import _backend

        _backend().create_bucket(BUCKET, "us-east-1")
        yield _backend()


def files_in(folder: Path) -> Any:
    from local.emulators.objects import ObjectFiles

    return ObjectFiles(folder)


def put(backend: Any, files: Any, key: str, body: bytes) -> Any:
    stored = backend.put_object(BUCKET, key, body)
    files.store({(BUCKET, key)})
    return stored


def in_memory(stored: Any) -> bool:
    return type(stored._value_buffer).__name__ != "StoredBody"


def present(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.glob("*/*"))


def test_bodies_leave_memory_when_they_are_stored(backend: Any, tmp_path: Path) -> None:
    stored = put(backend, files_in(tmp_path), "a", b"one\ntwo")
    assert not in_memory(stored)
    assert (stored.value, stored.value, stored.size) == (b"one\ntwo", b"one\ntwo", 7)


def test_restart_reads_no_bodies_and_serves_them_all(backend: Any, tmp_path: Path) -> None:
    files = files_in(tmp_path)
    etags = {key: put(backend, files, key, body).etag for key, body in {"a": b"\n1\n", "b": b""}.items()}
    (tmp_path / "00").mkdir(exist_ok=True)
    (tmp_path / "00" / "cut-off.part").write_bytes(b"{")
    (tmp_path / "00" / "cut-off.1.parted").write_bytes(b"{")
    for key in etags:
        backend.get_bucket(BUCKET).keys.pop(key)
    files_in(tmp_path).load()
    loaded = {key: backend.get_object(BUCKET, key) for key in etags}
    assert {key: (stored.value, stored.size) for key, stored in loaded.items()} == {"a": (b"\n1\n", 3), "b": (b"", 0)}
    assert {key: stored.etag for key, stored in loaded.items()} == etags
    assert not any(in_memory(stored) for stored in loaded.values())
    assert present(tmp_path) == ["", ""]


@pytest.mark.parametrize("deleted", [False, True])
def test_request_reads_what_it_found_although_another_replaces_or_deletes_it(
    backend: Any, tmp_path: Path, deleted: bool
) -> None:
    files = files_in(tmp_path)
    found: Any = put(backend, files, "a", b"the first, longer")
    if deleted:
        backend.delete_object(BUCKET, "a")
        files.store({(BUCKET, "a")})
    else:
        put(backend, files, "a", b"the second")
        assert backend.get_object(BUCKET, "a").value == b"the second"
    assert found.value == b"the first, longer"


def test_object_that_takes_over_its_own_bytes_keeps_them(backend: Any, tmp_path: Path) -> None:
    files = files_in(tmp_path)
    stored = put(backend, files, "a", b"bytes")
    files.store({(BUCKET, "a")})
    assert stored.value == b"bytes"
