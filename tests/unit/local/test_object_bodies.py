"""The bytes of an object stay readable for who began to read it, whatever becomes of the object."""

from __future__ import annotations

from pathlib import Path

from local.emulators.object_bodies import StoredBody


def test_body_begins_behind_its_header_and_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"header\nbytes")
    body = StoredBody(path, 7)
    assert [body.read(2), body.read(), body.read()] == [b"by", b"tes", b""]
    body.seek(0)
    assert body.read() == b"bytes"


def test_replaced_body_is_readable_until_its_last_reader_is_gone(tmp_path: Path) -> None:
    path, old = tmp_path / "object", tmp_path / "old"
    path.write_bytes(b"first")
    body = StoredBody(path, 0)
    body.part_from(old)
    path.with_suffix(".part").write_bytes(b"second")
    path.with_suffix(".part").replace(path)
    assert body.read() == b"first"
    del body
    assert not old.exists()
    assert path.read_bytes() == b"second"


def test_body_of_a_present_object_outlives_its_readers(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"bytes")
    body = StoredBody(path, 0)
    body.close()
    del body
    assert path.exists()
