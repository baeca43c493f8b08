"""Documentation that came with installed packages: written by many hands, for nobody's test."""

from __future__ import annotations

import hashlib
import os
import re
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import lxml.html
import pytest
from knowledge_client.folder import FolderReader, Item, make_plan
from knowledge_client.folder.titles import clean_title
from markdown_it import MarkdownIt

from local.template import ROOT
from tests.clients.folder.trees import served_of

# Of what `make setup` installs; the long form, part of `make soak`, takes what else there is on the machine.
PLACES = (Path(sysconfig.get_paths()["purelib"]), ROOT / "node_modules", ROOT / "docs", ROOT / "examples")
MORE_PLACES = (Path(sysconfig.get_paths()["stdlib"]), Path("/usr/share"), Path("/usr/lib/node_modules"))
FILES = int(os.environ.get("FOLDER_FILES", "200"))
SUFFIXES = {".md", ".mdx", ".html", ".htm", ".txt", ".rst"}


def documents_in(place: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(place):
        yield from (Path(folder, name) for name in names if Path(name).suffix.lower() in SUFFIXES)


def fixed_list() -> list[Path]:
    """The same files on every machine with the same packages: those whose names' hashes come first."""
    places = PLACES if FILES <= 200 else PLACES + MORE_PLACES
    found = {path for place in places if place.is_dir() for path in documents_in(place) if path.is_file()}
    return sorted(found, key=lambda path: hashlib.sha256(os.fsencode(path.name + path.parent.name)).digest())[:FILES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[FolderReader, dict[str, Path]]:
    root = tmp_path_factory.mktemp("real")
    files = {}
    for number, path in enumerate(fixed_list()):
        name = f"{number // 100:03}/{number % 100:02} {path.stem}{path.suffix}"
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(path.read_bytes())
        files[name] = path
    return FolderReader.of(root), files


@cache
def renderer() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def heading_of(content: str) -> str | None:
    """The first heading of the highest level, as markdown-it writes it and another parser reads it."""
    page = lxml.html.document_fromstring(f"<body>{renderer().render(content)}</body>")
    for image in page.xpath("//img"):
        image.text = image.get("alt")
    for break_ in page.xpath("//br"):
        break_.tail = " " + (break_.tail or "")
    lxml.etree.strip_elements(page, "script", "style", lxml.etree.Comment, with_tail=False)
    found = [
        (len(node.xpath("ancestor::blockquote | ancestor::li")) > 0, int(node.tag[1]), number, node)
        for number, node in enumerate(page.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6"))
        if clean_title(node.text_content())
    ]
    return clean_title(min(found)[3].text_content()) if found else None


def check_content(item: Item, raw: bytes) -> None:
    content = item["content"]
    named = re.findall(rb"(?:charset|coding)[=:]\s*[\"']?([\w-]+)", raw[:4_096])
    codecs = ["utf-8", "utf-16-le", "utf-16-be", *(name.decode() for name in named), "cp1252"]
    assert any(raw.endswith(content.encode(codec)) for codec in codecs if can(content, codec))


def can(content: str, codec: str) -> bool:
    try:
        content.encode(codec)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def test_contents_are_the_files_and_titles_their_headings(folder: tuple[FolderReader, dict[str, Path]]) -> None:
    reader, files = folder
    read = reader.read()
    told = {each.external_item_id for each in read.documents} | {each.path for each in read.problems + read.left_out}
    assert told == set(files)
    wrong = []
    for document, item in zip(read.documents, reader.items(read.documents), strict=True):
        raw = (Path(reader.root) / document.path).read_bytes()
        check_content(item, raw)
        suffix = Path(document.path).suffix.lower()
        if suffix == ".md" and raw.endswith(item["content"].encode()) and len(raw) == len(item["content"].encode()):
            heading = heading_of(item["content"])
            if (
                heading is not None
                and re.sub(r"\s", "", item["title"]) != re.sub(r"\s", "", heading)[: len(item["title"])]
            ):
                wrong.append((str(files[document.path]), item["title"], heading))
    assert not wrong, wrong
    assert len(read.documents) > len(files) * 0.9, read.problems


def test_second_run_changes_nothing(folder: tuple[FolderReader, dict[str, Path]]) -> None:
    reader, _ = folder
    served = served_of(reader.read())
    plan = make_plan(reader.read(), served, hash_at=reader.hash_at)
    assert (plan.is_empty, plan.unchanged, plan.keep) == (True, len(served), ())
