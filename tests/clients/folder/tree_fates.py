"""Random folders that are written down: every file says what it is and what becomes of it, so nobody has to read it.

A test publishes the folder as it was, lets every file meet its fate, and asks for the plan. What a person would expect
stands in `FATES`, by the fate's name; no rule of the code is repeated here.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

# What a person expects of an item whose file has this fate.
FATES = {
    "same": "unchanged",
    "encoded": "unchanged",
    "touched": "unchanged",
    "edited": "changed",
    "retitled": "changed",
    "deleted": "removed",
    "moved": "renamed",
    "draft": "removed",
    "unpublished": "removed",
    "future": "removed",
    "ignored": "removed",
    "emptied": "kept",
    "blanked": "kept",
    "garbled": "kept",
    "binary": "kept",
    "grown": "kept",
    "broken": "kept",
    "dangling": "kept",
    "linked out": "kept",
    "linked in": "kept",
    "locked": "kept",
    "converted": "kept",
    "directory": "removed",
}
HELD_BACK = {"draft", "unpublished", "future"}
FOLDER_FATES = {
    "same": None,
    "locked": "kept",
    "linked": "kept",
    "dangling": "kept",
    "excluded": "removed",
    "deleted": "removed",
}

_WORDS = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn", "Co", "Z", "M", "Lo"]), min_size=1, max_size=8
)
_EASY = st.sampled_from(
    ["Refunds", "a: b", "# x", "yes", "1.10", "2026-11-28", "it's", '"quoted"', "- x", "[a]", "{b}", "ü", "*x*", "%"]
)
TITLES = st.lists(_EASY | _WORDS, min_size=1, max_size=4).map(" ".join)
_FOLDERS = st.sampled_from(["", "docs", "docs/e f", "ä", "docs/ä/x.y"])
_STEMS = st.sampled_from(
    ["a", "b", "ü", "index", "README", "a b", "x.y", "한글", "q?", "02-start", "Δ", "name'", "%41", "#1", "~"]
)
_SUFFIXES = st.sampled_from([".md", ".mdx", ".html", ".htm", ".txt", ".rst", ".MD"])
_CODECS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])


@dataclass(frozen=True)
class Page:
    """A document before its fate. `front` is how its fields are written: in YAML, in TOML, or not at all."""

    folder: str
    name: str
    title: str
    number: int
    codec: str
    front: str
    fate: str
    style: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    @property
    def has_front(self) -> bool:
        return self.front != "none" and not self.path.lower().endswith(".rst")

    def body(self, word: str = "text") -> str:
        return f"Some {word} of page {self.number}, which is here äß.\n\nAnd more {word}.\n"

    def text(self, word: str = "text", **more: Any) -> str:
        fields = {"title": self.title, **more}
        if self.path.lower().endswith(".rst") or (self.front == "none" and not more):
            return self.body(word)
        if self.front == "toml":
            lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
            return "+++\n" + "\n".join(lines) + f"\n+++\n{self.body(word)}"
        return f"---\n{yaml.safe_dump(fields, **self.style)}---\n{self.body(word)}"

    def raw(self, text: str, codec: str | None = None) -> bytes:
        codec = codec or self.codec
        return codecs.BOM_UTF16_BE + text.encode(codec) if codec == "utf-16-be" else text.encode(codec)


@dataclass(frozen=True)
class Tree:
    pages: list[Page]
    fates: dict[str, str]

    def folder_fate(self, page: Page) -> str:
        """The fate of the topmost folder above a page that has one."""
        parts = page.folder.split("/") if page.folder else []
        for count in range(1, len(parts) + 1):
            fate = self.fates.get("/".join(parts[:count]), "same")
            if fate != "same":
                return fate
        return "same"

    def expected(self, page: Page) -> str:
        """What a person expects; a page that left its folder in time is not what became of the folder."""
        if page.fate == "moved" and FOLDER_FATES[self.folder_fate(page)] != "kept":
            return "renamed"
        return FOLDER_FATES[self.folder_fate(page)] or FATES[page.fate]


_STYLES = st.fixed_dictionaries(
    {
        "allow_unicode": st.booleans(),
        "default_style": st.sampled_from([None, '"', "'", "|", ">"]),
        "default_flow_style": st.booleans(),
        "width": st.sampled_from([5, 20, 1_000]),
        "explicit_start": st.just(False),
    }
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    places = draw(st.lists(st.tuples(_FOLDERS, _STEMS, _SUFFIXES), min_size=1, max_size=14, unique=True))
    pages, taken = [], set()
    for number, (folder, stem, suffix) in enumerate(places):
        # One stem a folder: a file of another suffix beside it is a fate of its own.
        if (folder, stem) in taken:
            continue
        taken.add((folder, stem))
        front = draw(st.sampled_from(["none", "yaml", "yaml", "toml"]))
        fate = draw(st.sampled_from(sorted(FATES)))
        if suffix == ".rst" and fate in {"retitled", "draft", "unpublished", "future", "broken"}:
            fate = "same"
        pages.append(Page(folder, stem + suffix, draw(TITLES), number, draw(_CODECS), front, fate, draw(_STYLES)))
    fates = draw(
        st.dictionaries(st.sampled_from(["docs", "docs/e f", "ä"]), st.sampled_from(sorted(FOLDER_FATES)), max_size=2)
    )
    return Tree(pages, fates)


def write_before(root: Path, outside: Path, tree: Tree) -> None:
    """Write the pages as they are when they are published."""
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret\n")
    root.mkdir()
    for page in tree.pages:
        path = root / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page.raw(page.text()))
    (root / "steady.md").write_text("# Steady\n")


def let_happen(root: Path, outside: Path, tree: Tree) -> set[str]:
    """Let every page and folder meet its fate. Returns the paths that nobody may open."""
    locked = {str(root / page.path) for page in tree.pages if page.fate == "locked"}
    ignored = []
    for page in tree.pages:
        _happen(root, outside, page)
        if page.fate == "ignored":
            ignored.append("/" + "".join(f"\\{c}" if c in "\\*?[]#! " else c for c in page.path))
    (root / ".gitignore").write_text("\n".join(ignored) + "\n")
    for folder, fate in sorted(tree.fates.items()):
        path = root / folder
        if not path.is_dir() or path.is_symlink():
            continue
        if fate == "locked":
            locked.add(str(path))
        elif fate == "excluded":
            with (root / ".gitignore").open("a") as file:
                file.write(f"/{folder}/\n")
        elif fate in {"deleted", "linked", "dangling"}:
            path.rename(outside / f"was-{folder.replace('/', '-')}")
            if fate != "deleted":
                path.symlink_to(outside if fate == "linked" else outside / "nothing")
    return locked


def _happen(root: Path, outside: Path, page: Page) -> None:
    path = root / page.path
    match page.fate:
        case "encoded":
            path.write_bytes(page.raw(page.text(), "utf-8" if page.codec == "utf-16" else "utf-16"))
        case "touched":
            path.touch()
        case "edited":
            path.write_bytes(page.raw(page.text("other text")))
        case "retitled":
            path.write_bytes(page.raw(Page(**{**vars(page), "title": "Anew " + page.title, "front": "yaml"}).text()))
        case "deleted":
            path.unlink()
        case "moved":
            (root / "zz moved").mkdir(exist_ok=True)
            path.rename(root / "zz moved" / f"{page.number}{path.suffix}")
        case "draft":
            path.write_bytes(page.raw(page.text(draft=True)))
        case "unpublished":
            path.write_bytes(page.raw(page.text(published=False)))
        case "future":
            path.write_bytes(page.raw(page.text(publishDate="2031-01-01T00:00:00+01:00")))
        case "emptied":
            path.write_bytes(b"")
        case "blanked":
            path.write_bytes("\ufeff\u200b\n \u00ad\n".encode())
        case "garbled":
            path.write_bytes(page.text().encode("latin-1", "replace") + b"\xe4\n")
        case "binary":
            path.write_bytes(b"\x7fELF\x02\x01\x01\0\0\0\0" + page.text().encode())
        case "grown":
            path.write_bytes(b"x" * 1_048_577)
        case "broken":
            path.write_bytes(b"---\ntitle: a: b: c\n---\n" + page.body().encode())
        case "dangling" | "linked out" | "linked in":
            path.unlink()
            targets = {
                "dangling": outside / "gone.md",
                "linked out": outside / "secret.md",
                "linked in": root / "steady.md",
            }
            path.symlink_to(targets[page.fate])
        case "converted":
            path.rename(path.with_name(path.name.rpartition(".")[0] + ".adoc"))
        case "directory":
            path.unlink()
            path.mkdir()
