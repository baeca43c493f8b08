"""Keeps a source in step with a folder of .md, .html and .txt files.

    export CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
    python sync_folder.py docs/ --name "Help centre" --dry-run   # list what would change
    python sync_folder.py docs/ --name "Help centre" --apply     # publish it

A file's path in the folder is its externalItemId. Title, url, tags and language come from front matter (or from the
head of an HTML file); the content is the file without its front matter, byte for byte. The folder goes to the staging
set as a snapshot, so files that left it are removed; nothing is served before it is applied.
Needs Python 3.11 and knowledge-client.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from folder_documents import Folder, read_folder
from knowledge_client import KnowledgeClient, KnowledgeError, models

BAR_WIDTH = 40
KINDS = ("added", "updated", "restored", "removed", "tombstoned")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What a synchronisation came to; `published` is the answer of the apply, None without one."""

    source_id: str
    results: models.BatchCounts
    run: models.Run
    published: models.PublishedResponse | None = None


def source_named(api: KnowledgeClient, name: str) -> str:
    """Return the id of the active source of a name, created if there is none."""
    for source in api.sources.list():
        if source["name"] == name and source["status"] == "active":
            return source["id"]
    return api.sources.create(name=name)["id"]


def sync(
    api: KnowledgeClient,
    folder: Folder,
    source_id: str,
    *,
    apply: bool,
    progress: Progress,
    approve_removals: int | None = None,
) -> Outcome:
    """Make the staging set what the folder holds, start a run, and apply it if asked."""
    total = len(folder.items)
    items = cast(list[models.ItemInput], folder.items)
    results = api.items.replace(source_id, items, progress=lambda done: progress(done, total))
    run = api.runs.start(source_id)
    published = api.runs.apply(source_id, run["id"], approveRemovals=approve_removals) if apply else None
    return Outcome(source_id, results, run, published)


def end_open_snapshot(api: KnowledgeClient, source_id: str) -> None:
    """Abort the snapshot that a synchronisation which was killed left open; complete one that can't be aborted."""
    for snapshot in api.snapshots.list(source_id):
        state = snapshot["state"]
        if state == "open":
            api.snapshots.abort(source_id, snapshot["id"])
        while state == "completing":
            state = api.snapshots.complete(source_id, snapshot["id"])["state"]


def show_progress(done: int, total: int) -> None:
    """Draw a bar on a terminal, and write plain lines elsewhere."""
    if not sys.stderr.isatty():
        print(f"pushed {done} of {total}", file=sys.stderr, flush=True)
        return
    filled = BAR_WIDTH * done // total if total else BAR_WIDTH
    bar = "#" * filled + "." * (BAR_WIDTH - filled)
    print(f"\r[{bar}] {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def changes_of(counts: Mapping[str, Any] | None) -> str:
    """Say what a run changes, in words: `1 updated, 2 added`, or `0 changes`."""
    said = [f"{counts[kind]} {kind}" for kind in KINDS if counts and counts.get(kind)]
    return ", ".join(said) or "0 changes"


def show_changes(api: KnowledgeClient, outcome: Outcome) -> None:
    """Print a line for each change of the run, with the fields that differ."""
    for change in api.runs.changes(outcome.source_id, outcome.run["id"]):
        fields = f" ({', '.join(change['fields'])})" if change["change"] == "updated" else ""
        print(f"  {change['change']:<10} {change['externalItemId']}{fields}")


def arguments_of(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Declare and read the command line."""
    parser.add_argument("folder", type=Path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--source", type=_given, help="id of the source")
    which.add_argument("--name", type=_given, help="name of the source; it is created if there is none")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="stage the folder and list the changes; publish nothing")
    how.add_argument("--apply", action="store_true", help="publish the changes")
    parser.add_argument("--approve-removals", type=int, metavar="N", help="let N items pass the source's removalGuard")
    parser.add_argument("--take-over", action="store_true", help="end a snapshot that was left open first")
    return parser.parse_args()


def _given(text: str) -> str:
    # A variable that is not set must not pass for a source without a name.
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; is the variable that it comes from set?")
    return text


def main() -> int:
    """Synchronise one folder."""
    parser = argparse.ArgumentParser(description="Keep a source in step with a folder of documents.")
    arguments = arguments_of(parser)
    folder = read_folder(arguments.folder) if arguments.folder.is_dir() else Folder([], [])
    for line in folder.skipped:
        print(f"skipped {line}")
    if not folder.items:
        parser.error(f"{arguments.folder} is no folder with .md, .html or .txt files; syncing it would remove all")
    try:
        api = KnowledgeClient()
        source_id = arguments.source or source_named(api, arguments.name)
        if arguments.take_over:
            end_open_snapshot(api, source_id)
        outcome = sync(
            api,
            folder,
            source_id,
            apply=arguments.apply,
            progress=show_progress,
            approve_removals=arguments.approve_removals,
        )
        print(f"source {source_id}, run {outcome.run['id']}: {changes_of(outcome.run['counts'])}")
        if arguments.dry_run:
            show_changes(api, outcome)
    except KnowledgeError as error:
        print(f"error: {error}", file=sys.stderr)
        if getattr(error, "code", "") == "snapshot_open":
            print("If no other synchronisation is at work, run this again with --take-over.", file=sys.stderr)
        return 1
    if outcome.published:
        print(f"published generation {outcome.published['generationId']}")
    else:
        print("nothing is published; --apply does that")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped; run it again to go on", file=sys.stderr)
        sys.exit(130)
