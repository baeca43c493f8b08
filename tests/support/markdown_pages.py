"""The project's Markdown files as tests read them: fenced blocks, links, anchors, and the pages as bash scripts."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from local.template import ROOT

# The only reasons for which a command may stand in a page without being run.
REASONS = (
    "needs an AWS account",
    "needs a repository on GitHub",
    "needs the .NET SDK",
    "starts a server that this test already runs",
    "installs software",
    "runs the tests themselves",
    "takes minutes",
    "run by tests/e2e/test_examples.py",
    "run by tests/e2e/test_runbook.py",
)
SHELLS = ("bash", "sh")
# Parts the outputs of a page's blocks; no program prints it.
SEPARATOR = "\x1e"

# What installs into the environment that all tests share, or goes on serving: never run, only marked.
_NEVER_RUN = re.compile(
    r"^\s*(?:\S*/)?(?:(?:make|npm|npx|pip|docker|sam)\b|python\S* -m (?:pip|local (?:up|demo))\b)", re.MULTILINE
)
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_AFTER = re.compile(r"^<!-- after: (\S+) -->$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')
_OUTSIDE = {"node_modules", "content", "__pycache__"}


@dataclass(frozen=True)
class Block:
    """A fenced block: its info string, its text, its first line in the file, and why it is not run, if it is not."""

    page: Page
    info: str
    text: str
    line: int
    reason: str | None

    @property
    def language(self) -> str:
        return self.info.partition(" ")[0]

    @property
    def runs(self) -> bool:
        return self.language in SHELLS and self.reason is None

    @property
    def may_run(self) -> bool:
        """False when it would install something or go on serving, whatever the page says of it."""
        return _NEVER_RUN.search(self.text) is None

    @property
    def end(self) -> int:
        """The line of the closing fence."""
        return self.line + self.text.count("\n")

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tokens(self) -> list[Token]:
        return MarkdownIt().enable("table").parse(self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        return [
            Block(self, token.info.strip(), token.content, token.map[0] + 2, self._reason(at))
            for at, token in enumerate(self.tokens)
            if token.type == "fence"
        ]

    @property
    def before(self) -> Page | None:
        """The page whose commands were run before this page's, as it says itself."""
        found = _AFTER.search(self.text)
        return Page((self.path.parent / found[1]).resolve()) if found else None

    @property
    def unnamed_code(self) -> list[int]:
        """The lines of code blocks that are made by indenting, so that nobody can say what they are."""
        return [token.map[0] + 1 for token in self.tokens if token.type == "code_block"]

    @property
    def links(self) -> list[str]:
        inline = [child for token in self.tokens for child in token.children or ()]
        return [str(each.attrs[name]) for each in inline for name in ("href", "src") if name in each.attrs]

    @property
    def code_spans(self) -> list[str]:
        inline = [child for token in self.tokens for child in token.children or ()]
        return [child.content for child in inline if child.type == "code_inline"]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link into this page may name, as GitHub makes it from headings."""
        seen: Counter[str] = Counter()
        found = set(_ANCHOR.findall(self.text))
        for token, following in zip(self.tokens, self.tokens[1:], strict=False):
            if token.type == "heading_open":
                shown = "".join(child.content for child in following.children or ())
                slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
                found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
                seen[slug] += 1
        return found

    @property
    def tables(self) -> Iterator[list[list[str]]]:
        """Each table as rows of cells, in Markdown, without its head."""
        rows: list[list[str]] = []
        for token, inside in zip(self.tokens, self.tokens[1:], strict=False):
            if token.type == "tbody_open":
                rows = []
            elif token.type == "tr_open":
                rows.append([])
            elif token.type == "td_open":
                rows[-1].append(inside.content)
            elif token.type == "tbody_close":
                yield rows

    def as_script(self, folder: Path) -> Path:
        """Write the page as a bash script whose lines are the page's, so that bash names the page's own lines.

        After each block the separator and the block's line are printed.
        """
        target = folder / str(self)
        if target.exists():
            return target
        lines = [""] * (self.text.count("\n") + 1)
        if self.before:
            lines[0] = f". '{self.before.as_script(folder)}' >&2"
        for block in self.blocks:
            if block.runs:
                lines[block.line - 1 : block.end - 1] = block.text.splitlines()
                lines[block.end - 1] = f"printf '{SEPARATOR}%s\\n' {block.line}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(lines) + "\n", "utf-8")
        return target

    def _reason(self, at: int) -> str | None:
        above = self.tokens[at - 1] if at else None
        found = _NOT_RUN.search(above.content) if above and above.type == "html_block" else None
        return found[1] if found else None


@cache
def page_at(path: Path) -> Page:
    """Find the page of a file, which is parsed once however many links lead to it."""
    return Page(path)


def pages() -> list[Page]:
    """Find every Markdown file of the project; examples/content/ is what the examples publish."""
    found = []
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if name not in _OUTSIDE and not name.startswith(".")]
        found += [page_at(Path(folder) / name) for name in files if name.endswith(".md")]
    return sorted(found, key=str)
