"""examples/python as a user runs it. What its package does has tests of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.example_checks import (
    EXAMPLES,
    PACKAGE,
    ScriptedApi,
    check_complaints,
    check_walk_through,
    environment_of,
    published_items,
    run_example,
)
from tests.e2e.receiver_checks import check_receiver, check_receiver_complaints
from tests.support.stack import StackProcess

PYTHON = EXAMPLES / "python"


def run_with_package(*command: str | Path, environment: Mapping[str, str], code: int = 0) -> Any:
    """Run an example as one who has the package installed."""
    return run_example(*command, environment={**environment, **PACKAGE}, code=code)


def test_quickstart_publishes_what_it_says(local_stack: StackProcess) -> None:
    done = run_with_package(sys.executable, PYTHON / "quickstart.py", environment=environment_of(local_stack))
    check_walk_through(local_stack, done.stdout)


def test_quickstart_says_what_is_missing_or_refused() -> None:
    check_complaints(sys.executable, PYTHON / "quickstart.py", environment=PACKAGE, path="/api/v1/sources")


def sync(folder: Path, environment: dict[str, str], *options: str, code: int = 0) -> tuple[str, str]:
    command = [sys.executable, PYTHON / "sync_folder.py", folder, "--name", folder.name, *options]
    done = run_with_package(*command, environment=environment, code=code)
    return done.stdout, done.stderr


def test_folder_is_kept_in_step(local_stack: StackProcess, tmp_path: Path) -> None:
    environment = environment_of(local_stack)
    folder = tmp_path / "handbook"
    (folder / "a b").mkdir(parents=True)
    for name in ("a b/größe.md", "page.html", "gone.txt"):
        (folder / name).write_text(f"About {name}.\n", "utf-8")
    said, progress = sync(folder, environment, "--dry-run")
    source_id = re.findall(r"source (src_\w+), run run_\w+: 3 added", said)[0]
    assert sorted(re.findall(r"^  added +(.+)$", said, re.MULTILINE)) == ["a b/größe.md", "gone.txt", "page.html"]
    assert progress.endswith("pushed 3 of 3\n")
    with local_stack.client() as api:
        assert api.get(f"v1/sources/{source_id}/generations").json()["generations"] == []

    assert "published generation gen_" in sync(folder, environment, "--apply")[0]
    assert {name: item["content"] for name, item in published_items(local_stack, source_id).items()} == {
        name: f"About {name}.\n" for name in ("a b/größe.md", "page.html", "gone.txt")
    }

    (folder / "gone.txt").unlink()
    (folder / "page.html").write_text("<title>New</title>", "utf-8")
    said, _ = sync(folder, environment, "--dry-run")
    assert re.search(r"updated +page\.html \(content, title\)$", said, re.MULTILINE)
    assert re.search(r"removed +gone\.txt$", said, re.MULTILINE)
    assert "1 updated, 1 removed" in sync(folder, environment, "--apply")[0]
    served = published_items(local_stack, source_id)
    assert served["page.html"]["title"] == "New"
    assert [name for name, item in served.items() if item["removedAt"]] == ["gone.txt"]
    assert "0 changes" in sync(folder, environment, "--apply")[0]


def test_synchronisation_that_was_killed_is_taken_over(local_stack: StackProcess, tmp_path: Path) -> None:
    environment = environment_of(local_stack)
    folder = tmp_path / "killed"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n")
    source_id = re.findall(r"src_\w+", sync(folder, environment)[0])[0]
    with local_stack.client() as api:
        api.post(f"v1/sources/{source_id}/snapshots").raise_for_status()
    _, complaint = sync(folder, environment, "--apply", code=1)
    assert "(snapshot_open)" in complaint
    assert "--take-over" in complaint
    assert "published generation" in sync(folder, environment, "--apply", "--take-over")[0]


def test_folder_without_documents_removes_nothing(tmp_path: Path) -> None:
    with ScriptedApi() as api:
        _, complaint = sync(tmp_path, api.environment, "--apply", code=2)
    assert "would remove all" in complaint
    assert api.requests == []


def test_source_of_a_variable_that_is_not_set_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n")
    with ScriptedApi() as api:
        for option in ("--source", "--name"):
            command = [sys.executable, PYTHON / "sync_folder.py", tmp_path, option, ""]
            complaint = run_with_package(*command, environment=api.environment, code=2).stderr
            assert f"{option}: it is empty" in complaint
    assert api.requests == []


def test_receiver_prints_each_verified_event_once() -> None:
    check_receiver(sys.executable, PYTHON / "webhook_receiver.py", environment=PACKAGE)


def test_receiver_says_how_it_is_used() -> None:
    done = run_with_package(sys.executable, PYTHON / "webhook_receiver.py", "--prot", "1", environment={}, code=2)
    assert "--prot" in done.stderr
    assert "usage: " in done.stderr
    check_receiver_complaints(sys.executable, PYTHON / "webhook_receiver.py", environment=PACKAGE)
