"""The pages of the clients as scripts: their code, block after block, and what it must print."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.markdown_pages import page_at

MARK = "\x1e"


def script_of(path: Path, language: str = "python", printing: str = "print") -> tuple[str, list[str]]:
    """Return a page's code as one script, which prints a mark behind each block, and what each block must print."""
    blocks = page_at(path).blocks
    code: list[str] = []
    expected: list[str] = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language == language:
            code.append(block.text + f"{printing}({MARK!r})\n")
            expected.append(following.text if following and following.language == "output" else "")
    return "".join(code), expected


def assert_printed(printed: str, expected: list[str]) -> None:
    """Compare what each block printed; `...` in what was expected stands for anything."""
    parts = printed.split(MARK + "\n")[:-1]
    assert len(parts) == len(expected), printed
    for part, wanted in zip(parts, expected, strict=True):
        pattern = ".*".join(re.escape(piece) for piece in wanted.split("..."))
        assert re.fullmatch(pattern, part, re.DOTALL), f"printed was\n{part}\nand not\n{wanted}"
