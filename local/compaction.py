"""Makes the tables of a data directory small again, before anything reads them.

Objects, messages and executions have a file each, which goes with them. Dynoxide keeps every record of every stream for
good, and gives no page of its database back. Both steps are transactions of SQLite: a process that is killed within
one leaves what was there before it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

from local.console import say
from local.data_directory import DataDirectory

# DynamoDB's own; its clock runs on while the stack does not, so what no reader has seen stays.
_STREAM_SECONDS = 24 * 3600
# Rewriting takes seconds for each gigabyte: it has to be worth it.
_FREE_SHARE = 0.25


def compact(data: DataDirectory, now: float | None = None) -> None:
    """Drop old stream records that were read, and give free pages back; a database that can't be read is left alone.

    `now` is in seconds of Unix time.
    """
    if not data.database.exists():
        return
    try:
        with closing(sqlite3.connect(data.database, isolation_level=None)) as database:
            _drop_records(database, _read_up_to(data), (time.time() if now is None else now) - _STREAM_SECONDS)
            if _number(database, "freelist_count") > _FREE_SHARE * _number(database, "page_count"):
                database.execute("VACUUM")
    except sqlite3.Error as error:
        say(f"warning: {data.database} could not be compacted: {error}")


def _read_up_to(data: DataDirectory) -> dict[str, int]:
    """Return the last sequence number of each shard that every reader is done with."""
    done: dict[str, int] = {}
    for path in data.positions.glob("*.json"):
        for shard_id, number in json.loads(path.read_text("utf-8")).items():
            done[shard_id] = min(int(number), done.get(shard_id, int(number)))
    return done


def _drop_records(database: sqlite3.Connection, done: dict[str, int], before: float) -> None:
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = '_stream_records'").fetchone():
        return
    for shard_id, number in done.items():
        # The last one stays: Dynoxide numbers on from it, and readers would pass over what began at 1 again.
        database.execute(
            "DELETE FROM _stream_records"
            " WHERE shard_id = ? AND CAST(sequence_number AS INTEGER) <= ? AND created_at < ?"
            " AND id NOT IN (SELECT MAX(id) FROM _stream_records GROUP BY table_name)",
            (shard_id, number, before),
        )


def _number(database: sqlite3.Connection, pragma: str) -> int:
    return int(database.execute(f"PRAGMA {pragma}").fetchone()[0])
