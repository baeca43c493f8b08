"""Every Markdown file: what its blocks are, where its links lead, and whether it names what exists."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from urllib.parse import unquote

import pytest
import yaml
from httpapi import error_table

from local.template import ROOT
from testing import spec
from tests.support.markdown_pages import REASONS, SHELLS, Page, page_at, pages

PAGES = pages()
BLOCKS = [block for page in PAGES for block in page.blocks]
READERS: dict[str, Callable[[str], object]] = {
    "toml": tomllib.loads,
    "json": json.loads,
    "ndjson": lambda text: [json.loads(line) for line in text.splitlines()],
    "python": ast.parse,
    "yaml": yaml.safe_load,
}
# `output` is compared with what the block above it prints; `console` is only to be looked at.
SHOWN = ("output", "console", "text", "mermaid", "http", "javascript", "typescript", "csharp")
# The gateway answers this one, when a function takes too long.
BY_THE_GATEWAY = {"timeout": "504"}
# It only stands in the `error` of an import.
NEVER_ANSWERED = (
    "import_failed",
    "import_too_large",
    "too_many_rejected",
    "import_key_ended",
    "export_failed",
    "export_key_ended",
)

each_page = pytest.mark.parametrize("page", PAGES, ids=str)


@each_page
def test_every_block_says_what_it_is(page: Page) -> None:
    unknown = [f"{block}: {block.info!r}" for block in page.blocks if block.info not in {*SHELLS, *READERS, *SHOWN}]
    assert not unknown, f"blocks may be {SHELLS}, {tuple(READERS)} or {SHOWN}"
    assert not page.unnamed_code, "these lines are indented by four spaces: fence them and say what they are"


@each_page
def test_every_block_reads_as_what_it_is(page: Page) -> None:
    for block in page.blocks:
        if block.language in READERS:
            READERS[block.language](block.text)
        elif block.language in SHELLS:
            done = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True, check=False)
            assert done.returncode == 0, f"{block}: {done.stderr}"


def test_commands_are_left_out_for_a_known_reason_and_sparingly() -> None:
    left_out = [block for block in BLOCKS if block.reason is not None]
    for block in left_out:
        assert block.language in SHELLS, f"{block}: only commands are run, so nothing else is marked"
        assert block.reason in REASONS, f"{block}: `{block.reason}` is no reason, see tests/support/markdown_pages.py"
    nobody_runs = [block for block in left_out if not str(block.reason).startswith("run by")]
    assert len(nobody_runs) < sum(block.runs for block in BLOCKS)


def test_what_installs_or_serves_is_marked() -> None:
    for block in BLOCKS:
        assert block.may_run or not block.runs, f"{block}: mark it as not run, it installs something or goes on serving"


def test_a_refused_request_fails_its_block() -> None:
    for block in BLOCKS:
        if block.runs and "curl " in block.text and "$CHATBOT_API" in block.text:
            assert "--fail" in block.text, f"{block}: give curl --fail-with-body"


@each_page
def test_every_link_leads_somewhere(page: Page) -> None:
    for link in page.links:
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.is_relative_to(ROOT), f"{link} leads out of the project"
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in page_at(target).anchors, f"{link}: there is no such heading"


@each_page
def test_every_path_that_is_named_exists(page: Page) -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    for span in page.code_spans:
        if span.partition("/")[0] in folders and "/" in span and not set(span) & set(" <>{}*$"):
            assert (ROOT / span.partition(":")[0]).exists(), f"`{span}` is not there"


@each_page
def test_every_test_that_is_named_is_there(page: Page) -> None:
    named = re.findall(r"`(tests/[^`:]+)::(\w+)`", page.text)
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text("utf-8")]
    assert not missing


def test_every_picture_is_shown_and_small() -> None:
    pictures = list((ROOT / "docs" / "images").iterdir())
    texts = "".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    assert {path.name for path in pictures} == set(re.findall(r"!\[[^]]+\]\(images/([^)]+)\)", texts))
    assert all(path.stat().st_size < 100_000 for path in pictures)


def test_the_index_names_every_page() -> None:
    named = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in Page(ROOT / "docs" / "README.md").links}
    pages = {*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "operations").glob("*.md")} - {
        ROOT / "docs" / "README.md"
    }
    missing = {path.name for path in pages - named}
    assert not missing, "docs/README.md does not name them"


def test_the_table_of_errors_has_every_code_and_no_other() -> None:
    [rows] = [table for table in Page(ROOT / "docs" / "errors.md").tables if table[0][0].isdigit()]
    told = [(code.strip("`"), status) for status, code, *_ in rows]
    assert len(told) == len(dict(told)), "a code stands there twice"
    answered = {code: str(row.status) for code, row in error_table.TABLE.items()} | BY_THE_GATEWAY
    assert dict(told) == answered | dict.fromkeys(NEVER_ANSWERED, "none")
    assert dict(told).keys() == set(spec.document()["components"]["schemas"]["Error"]["properties"]["code"]["enum"])
    for status, code, *cells in rows:
        assert len(cells) == 2, code
        assert all(len(cell.split()) > 2 for cell in cells), f"{status} {code}: say why it comes and what to do"
