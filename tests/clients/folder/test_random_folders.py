"""Random folders whose files meet random fates, against what a person would expect of each."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, given, settings
from knowledge_client.folder import Folder, Plan, make_plan

from tests.clients.folder.tree_fates import HELD_BACK, TITLES, Page, Tree, let_happen, trees, write_before
from tests.clients.folder.trees import item_in, reader_of, served_of

# The long form is part of `make soak`.
EXAMPLES = int(os.environ.get("FOLDER_EXAMPLES", "60"))


def locking(paths: set[str]) -> Any:
    """As a system that lets nobody open some files and folders: root may open any."""
    opened, scanned = os.open, os.scandir

    def open_file(path: Any, *rest: Any, **named: Any) -> int:
        if str(path) in paths:
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, **named)

    def scan(path: Any) -> Any:
        if str(path) in paths:
            raise PermissionError(13, "Permission denied")
        return scanned(path)

    return mock.patch.multiple(os, open=open_file, scandir=scan)


def told_of(plan: Plan) -> dict[str, str]:
    told = {each.served.external_item_id: "changed" for each in plan.change}
    told |= {each.served.external_item_id: "removed" for each in plan.remove}
    told |= {each.served.external_item_id: "renamed" for each in plan.rename}
    return told | {each.served.external_item_id: "kept" for each in plan.keep}


def check_before(tree: Tree, folder: Folder) -> None:
    pages = {page.path: page for page in tree.pages}
    assert {each.external_item_id for each in folder.documents} == {*pages, "steady.md"}
    assert [each.external_item_id for each in folder.documents] == sorted([*pages, "steady.md"])
    assert not folder.problems
    for document in folder.documents:
        page = pages.get(document.external_item_id)
        if page is not None and page.has_front:
            assert document.title == page.title


# A tree does not become smaller in any time worth waiting for; the assertions name the path.
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(trees())
def test_every_item_has_the_fate_of_its_file(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as place:
        root, outside = Path(place).resolve() / "root", Path(place).resolve() / "outside"
        write_before(root, outside, tree)
        before = reader_of(root)
        folder = before.read()
        check_before(tree, folder)
        for document, item in zip(folder.documents, before.items(folder.documents), strict=True):
            page = next((each for each in tree.pages if each.path == document.external_item_id), None)
            assert page is None or item["content"] == page.body()
        served = served_of(folder)
        assert make_plan(folder, served).is_empty
        with locking(let_happen(root, outside, tree)):
            reader = reader_of(root)
            now = reader.read()
            plan = make_plan(now, served, hash_at=reader.hash_at)
    expected = {page.path: tree.expected(page) for page in tree.pages}
    assert told_of(plan) == {path: fate for path, fate in expected.items() if fate != "unchanged"}
    # What left a folder of which nobody knows what it holds may still be there, too.
    assert len(plan.add) == sum(page.fate == "moved" and expected[page.path] == "kept" for page in tree.pages)
    removed = [path for path, fate in expected.items() if fate == "removed"]
    assert plan.approval == (len(removed) if len(removed) > 0.2 * len(served) else 0)
    # Whatever is kept is named, and whatever is named a person can see the reason of.
    assert {each.served.external_item_id for each in plan.keep} == {p for p, fate in expected.items() if fate == "kept"}
    assert bool(plan.problems) == any(fate == "kept" for fate in expected.values())
    held = {page.path for page in tree.pages if page.fate in HELD_BACK and tree.folder_fate(page) == "same"}
    assert {each.path for each in now.left_out if each.why == "held back"} == held


@settings(max_examples=EXAMPLES)
@given(TITLES, trees())
def test_fields_are_read_as_an_emitter_wrote_them(title: str, tree: Tree) -> None:
    page = tree.pages[0]
    with tempfile.TemporaryDirectory() as place:
        written = Page("", "p.md", title, 1, page.codec, "yaml", "same", page.style)
        more = {"tags": ["a: b", "1.0", "yes"], "language": "pt-BR", "nested": {"draft": True, "list": [1, None, 2.5]}}
        item = item_in(Path(place), "p.md", written.raw(written.text(**more)))
    assert (item["title"], item["tags"], item["language"]) == (title, more["tags"], "pt-BR")
    assert item["content"] == written.body()
