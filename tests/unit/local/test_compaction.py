"""Compacting a data directory gives room back, and a crash within it loses nothing."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from local.compaction import compact
from local.data_directory import DataDirectory
from local.template import ROOT

NOW = 10 * 24 * 3600.0
OLD = NOW - 25 * 3600
MEBIBYTE = 1 << 20


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDirectory]:
    directory = DataDirectory(tmp_path / "data")
    directory.positions.mkdir()
    yield directory
    directory.close()


def write(data: DataDirectory, statement: str, rows: list[tuple[object, ...]] | None = None) -> None:
    with closing(sqlite3.connect(data.database)) as database, database:
        database.executemany(statement, rows) if rows else database.execute(statement)


def read(data: DataDirectory, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data.database)) as database:
        return database.execute(statement).fetchall()


def make_stream(data: DataDirectory, *records: tuple[str, int, float]) -> None:
    """A table of stream records as Dynoxide makes it: shard, number, time."""
    write(
        data,
        "CREATE TABLE _stream_records (id INTEGER PRIMARY KEY AUTOINCREMENT, table_name TEXT, sequence_number TEXT,"
        " shard_id TEXT, created_at INTEGER)",
    )
    write(
        data,
        "INSERT INTO _stream_records (table_name, shard_id, sequence_number, created_at) VALUES (?, ?, ?, ?)",
        [(shard, shard, str(number), at) for shard, number, at in records],
    )


def note(data: DataDirectory, reader: str, **positions: str) -> None:
    (data.positions / f"{reader}.json").write_text(json.dumps(positions))


def left(data: DataDirectory) -> list[tuple[object, ...]]:
    return read(data, "SELECT shard_id, CAST(sequence_number AS INTEGER) FROM _stream_records ORDER BY id")


def test_records_go_that_are_old_and_were_read_by_every_reader(data: DataDirectory) -> None:
    make_stream(data, *(("a", number, OLD) for number in (8, 9, 10, 11, 12)), ("b", 1, OLD), ("b", 2, OLD))
    note(data, "One", a="12")
    note(data, "Two", a="10")
    compact(data, NOW)
    assert left(data) == [("a", 11), ("a", 12), ("b", 1), ("b", 2)]


def test_records_of_a_day_and_the_last_one_stay(data: DataDirectory) -> None:
    make_stream(data, ("a", 1, OLD), ("a", 2, NOW - 23 * 3600), ("b", 1, OLD), ("b", 2, OLD))
    note(data, "One", a="2", b="2")
    compact(data, NOW)
    assert left(data) == [("a", 2), ("b", 2)]


def fill(data: DataDirectory, mebibytes: int) -> None:
    """Rows that stay, and as many bytes that are deleted again."""
    write(data, "PRAGMA journal_mode = WAL")
    write(data, "CREATE TABLE rows (id INTEGER PRIMARY KEY, kept INTEGER, body BLOB)")
    rows = [(kept, bytes([kept]) * 4096) for _ in range(mebibytes * 128) for kept in (0, 1)]
    write(data, "INSERT INTO rows (kept, body) VALUES (?, ?)", list(rows))
    write(data, "DELETE FROM rows WHERE NOT kept")


def test_free_pages_are_given_back(data: DataDirectory) -> None:
    fill(data, 8)
    before = data.database.stat().st_size
    compact(data, NOW)
    assert data.database.stat().st_size < before * 0.6
    assert read(data, "SELECT count(*), sum(length(body)) FROM rows") == [(1024, 4 * MEBIBYTE)]


def test_few_free_pages_are_not_worth_rewriting(data: DataDirectory) -> None:
    write(data, "CREATE TABLE rows (body BLOB)")
    write(data, "INSERT INTO rows VALUES (?)", [(b"x" * 4096,) for _ in range(100)])
    write(data, "DELETE FROM rows WHERE rowid <= 5")
    before = data.database.read_bytes()
    compact(data, NOW)
    assert data.database.read_bytes() == before


def test_database_that_cannot_be_read_is_left_alone(data: DataDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    data.database.write_bytes(b"no database at all" * 500)
    compact(data, NOW)
    assert "could not be compacted" in capsys.readouterr().err
    assert data.database.read_bytes() == b"no database at all" * 500


def test_directory_without_tables_is_none_of_its_business(data: DataDirectory) -> None:
    compact(data, NOW)
    assert not data.database.exists()


# Stops in the middle of what a statement writes: at the n-th of SQLite's own steps it is gone as if by `kill -9`.
CRASHING = """
import os, signal, sqlite3, sys
from pathlib import Path
from local import compaction
from local.data_directory import DataDirectory

class Dying(sqlite3.Connection):
    steps = int(sys.argv[2])
    def execute(self, statement, *rest):
        if statement.startswith(("VACUUM", "DELETE")):
            self.set_progress_handler(self.step, 100)
        return super().execute(statement, *rest)
    def step(self):
        Dying.steps -= 1
        if Dying.steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)

connect = sqlite3.connect
sqlite3.connect = lambda *args, **named: connect(*args, factory=Dying, **named)
compaction.compact(DataDirectory(Path(sys.argv[1])), float(sys.argv[3]))
"""


@pytest.mark.parametrize("steps", [1, 20, 60, 120])
def test_kill_in_the_middle_loses_nothing(tmp_path: Path, steps: int) -> None:
    data = DataDirectory(tmp_path / "data")
    data.positions.mkdir()
    fill(data, 4)
    make_stream(data, *(("a", number, OLD if number < 500 else NOW) for number in range(1, 1000)))
    note(data, "One", a="999")
    data.close()
    command = [sys.executable, "-c", CRASHING, str(data.path), str(steps), str(NOW)]
    ended = subprocess.run(command, cwd=ROOT, check=False)
    assert ended.returncode == -9
    again = DataDirectory(data.path)
    try:
        assert read(again, "PRAGMA integrity_check") == [("ok",)]
        assert read(again, "SELECT count(*), sum(length(body)) FROM rows") == [(512, 2 * MEBIBYTE)]
        assert set(left(again)) >= {("a", number) for number in range(500, 1000)}
        compact(again, NOW)
        assert left(again) == [("a", number) for number in range(500, 1000)]
        assert read(again, "PRAGMA freelist_count") == [(0,)]
    finally:
        again.close()
