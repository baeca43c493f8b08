"""Keeps another search engine in step with what a source serves. Here it is SQLite's FTS5, in place of any other.

    python feed_engine.py SOURCE_ID engine.db                 bring it up to date, and end
    python feed_engine.py SOURCE_ID engine.db --every 30      and again every 30 seconds
    python feed_engine.py SOURCE_ID engine.db --search refund

What is kept beside the engine, the checkpoint, names two generations: the one that the engine holds whole (`applied`),
and the one that it is being brought to (`target`). The second is noted before anything is applied: who is stopped in
the middle has a part of it, and must go on to the same one before any later one. Everything is done in a way that does
no harm when it is done twice. A key with `runs:read` and `items:read` is enough.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge_client import KnowledgeClient, KnowledgeError, NotFoundError
from knowledge_client.models import GenerationChange, GenerationItem

_TABLES = """
CREATE TABLE IF NOT EXISTS items (number INTEGER PRIMARY KEY, id TEXT UNIQUE, item TEXT, load TEXT);
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (title, content);
CREATE TABLE IF NOT EXISTS checkpoint (name TEXT PRIMARY KEY, generation TEXT);
"""


@dataclass(frozen=True)
class Known:
    """A generation as it was when it was looked at. `erased` tells whether something was taken out of it since."""

    id: str
    sequence: int
    erased: int


class Engine:
    """The engine and the checkpoint. They need no transaction in common, as most engines have none to offer."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(_TABLES)

    def put(self, item: dict[str, Any], load: str | None = None) -> None:
        """Index an item, in place of what there was of it."""
        content = item["content"]
        (number,) = self._database.execute(
            "INSERT INTO items (id, item, load) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
            "SET item = excluded.item, load = excluded.load RETURNING number",
            (item["externalItemId"], json.dumps(item), load),
        ).fetchone()
        self._database.execute("DELETE FROM texts WHERE rowid = ?", (number,))
        self._database.execute(
            "INSERT INTO texts (rowid, title, content) VALUES (?, ?, ?)", (number, item["title"], content)
        )

    def note_removal(self, name: str, removed_at: str | None) -> None:
        """Note that an item is in its grace; it is served until that has passed."""
        self._database.execute(
            "UPDATE items SET item = json_set(item, '$.removedAt', ?) WHERE id = ?", (removed_at, name)
        )

    def drop(self, name: str) -> None:
        """Forget an item."""
        self._drop("id = ?", name)

    def keep_only(self, load: str) -> None:
        """Forget every item that a full load did not bring."""
        self._drop("load IS NOT ?", load)

    def _drop(self, where: str, value: str) -> None:
        self._database.execute(f"DELETE FROM texts WHERE rowid IN (SELECT number FROM items WHERE {where})", (value,))
        self._database.execute(f"DELETE FROM items WHERE {where}", (value,))

    def commit(self) -> None:
        """Make what was done so far last."""
        self._database.commit()

    def read_checkpoint(self) -> tuple[Known | None, Known | None]:
        """What the engine holds whole, and what it is being brought to."""
        rows = dict(self._database.execute("SELECT name, generation FROM checkpoint").fetchall())
        applied, target = (Known(**json.loads(rows[name])) if name in rows else None for name in ("applied", "target"))
        return applied, target

    def save_checkpoint(self, applied: Known | None, target: Known | None) -> None:
        """Note both, after all that was applied before."""
        self.commit()
        given = {name: value for name, value in (("applied", applied), ("target", target)) if value is not None}
        self._database.execute("DELETE FROM checkpoint")
        for name, value in given.items():
            self._database.execute("INSERT INTO checkpoint VALUES (?, ?)", (name, json.dumps(asdict(value))))
        self.commit()

    def items(self) -> dict[str, dict[str, Any]]:
        """Everything that is indexed."""
        return {name: json.loads(item) for name, item in self._database.execute("SELECT id, item FROM items")}

    def search(self, text: str) -> list[str]:
        """The ids of the items with all words of a text, the best first."""
        query = " ".join('"' + word.replace('"', '""') + '"' for word in text.split())
        rows = self._database.execute(
            "SELECT id FROM texts JOIN items ON number = texts.rowid WHERE texts MATCH ? ORDER BY rank LIMIT 10",
            (query,),
        )
        return [name for (name,) in rows]


def sync(client: KnowledgeClient, source_id: str, engine: Engine, limit: int = 200) -> Known | None:
    """Bring the engine to what is served now, from wherever it is; returns that, None where nothing is."""
    while True:
        applied, target = engine.read_checkpoint()
        if target is None:
            target = look_at(client, source_id, "current")
            if target is None or target == applied:
                return target
            engine.save_checkpoint(applied, target)
        try:
            if applied is None:
                load(client, source_id, target, engine, limit)
            else:
                follow(client, source_id, applied, target, engine, limit)
        except NotFoundError:
            # One of them is not kept any more.
            engine.save_checkpoint(None, None)
            continue
        # What was erased from both, changes do not tell of; and what was erased just now may have been read before.
        whole = as_they_were(client, source_id, applied, target)
        engine.save_checkpoint(target if whole else None, None)


def follow(client: KnowledgeClient, source_id: str, applied: Known, target: Known, engine: Engine, limit: int) -> None:
    """Apply what a generation serves differently from the one that the engine holds."""
    listed = client.generations.changes(source_id, target.id, since_generation=applied.id, with_items=True, limit=limit)
    for changes in listed.pages():
        for change in changes:
            match change["change"]:
                case "tombstoned":
                    engine.drop(change["externalItemId"])
                case "removed":
                    engine.note_removal(change["externalItemId"], change["removedAt"])
                case _:
                    engine.put(as_listed(change))
        engine.commit()


def load(client: KnowledgeClient, source_id: str, target: Known, engine: Engine, limit: int) -> None:
    """Load all of a generation; what the engine has beside it goes at the end, so that it never holds less."""
    name = str(uuid.uuid4())
    for items in client.generations.items(source_id, target.id, with_content=True, limit=limit).pages():
        for item in items:
            engine.put(as_listed(item), name)
        engine.commit()
    engine.keep_only(name)
    engine.commit()


def is_news(event: dict[str, Any], engine: Engine) -> bool:
    """Tell whether an event of the bus asks for a round: it may come twice, late, or after that of a later one."""
    applied, _ = engine.read_checkpoint()
    return applied is None or event["detail"]["data"]["sequence"] > applied.sequence


def look_at(client: KnowledgeClient, source_id: str, generation_id: str) -> Known | None:
    """A generation as it is now; None when it is not kept any more."""
    try:
        generation = client.generations.get(source_id, generation_id)
    except NotFoundError:
        return None
    if generation["retiredAt"] is not None:
        return None
    return Known(generation["id"], generation["sequence"], generation["erasedCount"])


def as_they_were(client: KnowledgeClient, source_id: str, *generations: Known | None) -> bool:
    """Tell whether generations are still there, and nothing was erased from them."""
    return all(each is None or look_at(client, source_id, each.id) == each for each in generations)


# What a change tells beside the item as it is now.
OF_THE_CHANGE = {"change", "fields", "previousContentHash", "before", "after"}


def as_listed(item: GenerationItem | GenerationChange) -> dict[str, Any]:
    """An item as a list of items has it."""
    return {name: value for name, value in item.items() if name not in OF_THE_CHANGE}


def main() -> int:
    """Bring the engine up to date, once or again and again, or ask it something."""
    parser = argparse.ArgumentParser(description="Keep a search engine in step with what a source serves.")
    parser.add_argument("source", help="id of the source")
    parser.add_argument("database", type=Path, help="file of the engine; it is made if there is none")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on, and look again after so long")
    parser.add_argument("--search", metavar="TEXT", help="search in what is there, and end")
    arguments = parser.parse_args()
    engine = Engine(arguments.database)
    if arguments.search is not None:
        print("\n".join(engine.search(arguments.search)))
        return 0
    try:
        with KnowledgeClient() as client:
            while True:
                known = sync(client, arguments.source, engine)
                print("nothing is published" if known is None else f"holds generation {known.id} ({known.sequence})")
                if arguments.every is None:
                    return 0
                time.sleep(arguments.every)
    except KnowledgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped; run it again to go on", file=sys.stderr)
        sys.exit(130)
