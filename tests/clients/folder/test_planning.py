"""What a plan adds, changes, keeps and removes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from knowledge_client.folder import Document, FileSystem, Folder, LeftOut, Plan, Problem, Served, make_plan

from tests.clients.folder.trees import read, reader_of, served_of, write_tree

SUFFIXES = frozenset({".md", ".html"})


def folder_of(*names: str, **more: object) -> Folder:
    return Folder("/x", tuple(Document(n, n, f"hash of {n}", 10, n) for n in sorted(names)), suffixes=SUFFIXES, **more)


def served(*names: str) -> list[Served]:
    return [Served(name, f"hash of {name}", name, 10) for name in names]


def removed(plan: Plan) -> list[str]:
    return [each.served.external_item_id for each in plan.remove]


def kept(plan: Plan) -> list[str]:
    return [each.served.external_item_id for each in plan.keep]


def test_added_changed_and_gone() -> None:
    folder = folder_of("b.md", "c.md", "d.md")
    before = [*served("a.md", "b.md"), Served("c.md", "another", "c.md", 9)]
    plan = make_plan(folder, before)
    assert [each.external_item_id for each in plan.add] == ["d.md"]
    assert [each.document.external_item_id for each in plan.change] == ["c.md"]
    assert [(each.served.external_item_id, each.reason) for each in plan.remove] == [("a.md", "its file is gone")]
    assert (plan.unchanged, plan.keep, plan.problems, plan.rename) == (1, (), (), ())
    assert make_plan(folder, served("b.md", "c.md", "d.md")).is_empty


def test_what_somebody_said_removes_and_says_why() -> None:
    folder = folder_of(
        "a.md",
        left_out=(LeftOut("b.md", "draft: true", "held back"), LeftOut("old", "is in exclude", "excluded", below=True)),
    )
    plan = make_plan(folder, served("a.md", "b.md", "old/c.md", "older/d.md"))
    assert [(each.served.external_item_id, each.reason) for each in plan.remove] == [
        ("b.md", "draft: true"),
        ("old/c.md", "is in exclude"),
        ("older/d.md", "its file is gone"),
    ]


def test_wish_counts_beside_a_file_of_another_suffix() -> None:
    draft = LeftOut("b.md", "draft: true", "held back")
    assert removed(make_plan(folder_of("a.md", left_out=(draft,), others=("b.md.bak",)), served("a.md", "b.md"))) == [
        "b.md"
    ]


def test_problem_keeps_its_item_and_all_below_a_folder() -> None:
    problems = (Problem("b.md", "is empty"), Problem("sub", "can't be looked into", below=True), Problem("c", "x"))
    plan = make_plan(
        folder_of("a.md", problems=problems), served("a.md", "b.md", "sub/d.md", "sub/e/f.md", "subway/g.md", "c/h.md")
    )
    assert kept(plan) == ["b.md", "sub/d.md", "sub/e/f.md"]
    assert removed(plan) == ["c/h.md", "subway/g.md"]


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        ("a.adoc", True),
        ("a.md.bak", True),
        ("a.md~", True),
        ("a.md.tmp", True),
        ("a.docx", True),
        ("a", True),
        ("a.md", True),
        ("a.png", False),
        ("a.json", False),
        ("b.adoc", False),
        ("sub/a.adoc", False),
        ("a.b.adoc", False),
    ],
)
def test_file_of_another_suffix_in_its_place_keeps_an_item(other: str, stays: bool) -> None:
    plan = make_plan(folder_of("x.md", others=(other,)), served("a.md", "x.md"))
    assert kept(plan) == (["a.md"] if stays else [])
    assert [each.path for each in plan.problems] == ([other] if stays else [])


@pytest.mark.parametrize("name", ["faq-1", "a.txt", "../a.md", "/a.md", "a//b.md", "docs/./a.md", "a.MD2"])
def test_item_that_no_file_could_be_stays(name: str) -> None:
    plan = make_plan(folder_of("x.md"), served("x.md", name))
    assert kept(plan) == [name]
    assert [each.path for each in plan.problems] == [name]


@pytest.mark.parametrize(
    "name", ["aux.md", "a/con.md", "COM1.x.md", "a:b.md", "q?.md", "a\\b.md", "dir./a.md", "dir /a.md"]
)
def test_name_that_windows_cannot_hold_is_not_gone_there(name: str) -> None:
    before = served(name, "x.md")
    assert kept(make_plan(folder_of("x.md", file_system=FileSystem(windows_names=True)), before)) == [name]
    assert removed(make_plan(folder_of("x.md"), before)) == [name]


def test_names_that_a_file_system_takes_for_one() -> None:
    blind = FileSystem(ignores_case=True)
    # Two items, of which such a file system can hold one file.
    plan = make_plan(folder_of("guide.md", file_system=blind), served("Guide.md", "guide.md"))
    assert (kept(plan), removed(plan)) == (["Guide.md"], [])
    # One item, whose file got another name, and another text.
    plan = make_plan(folder_of("guide.md", "x.md", file_system=blind), served("Guide.md", "x.md"))
    assert [(e.served.external_item_id, e.document.external_item_id) for e in plan.rename] == [("Guide.md", "guide.md")]
    # Two items, and one file that came: it is one of them, and not both.
    plan = make_plan(folder_of("guide.md", "x.md", file_system=blind), served("GUIDE.md", "Guide.md", "x.md"))
    assert ([each.served.external_item_id for each in plan.rename], removed(plan)) == (["GUIDE.md"], ["Guide.md"])
    assert removed(make_plan(folder_of("guide.md"), served("Guide.md", "guide.md"))) == ["Guide.md"]


def test_what_is_in_grace_already_counts_for_nothing_and_can_come_back() -> None:
    before = [replace(each, removed_at="2026-11-20T00:00:00Z") for each in served("a.md", "b.md")]
    plan = make_plan(folder_of("b.md"), before)
    assert (removed(plan), kept(plan), plan.approval) == ([], [], 0)
    assert [(each.document.external_item_id, each.restored) for each in plan.change] == [("b.md", True)]


@pytest.mark.parametrize(("gone", "approval"), [(0, 0), (20, 0), (21, 21), (99, 99)])
def test_removals_over_a_share_need_approval(gone: int, approval: int) -> None:
    names = [f"{number:03}.md" for number in range(100)]
    plan = make_plan(folder_of(*names[gone:]), served(*names))
    assert plan.approval == approval
    assert plan.is_approved(None) is (approval == 0)
    assert plan.is_approved(approval)
    assert not approval or not plan.is_approved(approval - 1)


def test_share_can_be_said_and_renames_are_no_removals() -> None:
    names = [f"{number}.md" for number in range(10)]
    assert make_plan(folder_of(*names[1:]), served(*names), share=0).approval == 1
    assert make_plan(folder_of(*names[5:]), served(*names), share=0.5).approval == 0
    moved = folder_of(*(f"new/{name}" for name in names))
    plan = make_plan(moved, served(*names), hash_at=lambda _, name: f"hash of {name}", share=0)
    assert (len(plan.rename), plan.approval, plan.add, plan.remove) == (10, 0, (), ())
    assert all(each.document.external_item_id == f"new/{each.served.external_item_id}" for each in plan.rename)


def test_rename_is_found_whatever_the_path_gives_an_item(tmp_path: Path) -> None:
    """Title and url of both follow from the path."""
    settings = {"base_url": "https://example.com"}
    write_tree(tmp_path, {"one.txt": "Text\n", "two.txt": "More text\n", "three.txt": "Other\n"})
    before = served_of(read(tmp_path, **settings))
    (tmp_path / "one.txt").rename(tmp_path / "1.txt")
    (tmp_path / "two.txt").write_text("Changed!!\n")
    (tmp_path / "two.txt").rename(tmp_path / "2.txt")
    reader = reader_of(tmp_path, **settings)
    plan = make_plan(reader.read(), before, hash_at=reader.hash_at)
    assert [(e.served.external_item_id, e.document.external_item_id) for e in plan.rename] == [("one.txt", "1.txt")]
    assert (removed(plan), [each.external_item_id for each in plan.add]) == (["two.txt"], ["2.txt"])


def test_same_content_twice_is_renamed_once(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.md": "# Same\n", "b.md": "# Same\n", "x.md": "# X\n"})
    before = served_of(read(tmp_path))
    (tmp_path / "a.md").unlink()
    (tmp_path / "b.md").rename(tmp_path / "c.md")
    reader = reader_of(tmp_path)
    plan = make_plan(reader.read(), before, hash_at=reader.hash_at)
    assert (len(plan.rename), len(plan.remove), len(plan.add)) == (1, 1, 0)


def test_many_files_of_one_size_cost_few_looks() -> None:
    looks = []

    def look(document: Document, name: str) -> str:
        looks.append(name)
        return ""

    names = [f"{number}.md" for number in range(500)]
    make_plan(folder_of(*(f"x/y{name}" for name in names)), served(*names), hash_at=look)
    assert len(looks) <= 8 * len(names)


def test_served_is_read_from_an_answer() -> None:
    entry = {"externalItemId": "a", "title": "A", "contentHash": "h", "contentBytes": 3, "removedAt": None, "url": "x"}
    assert Served.from_answer(entry) == Served("a", "h", "A", 3)
