"""What a function raises is said in one form, so that a search for `Raises` finds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

LAYERS = Path(__file__).parents[2] / "layers"
_FORM = re.compile(r"Raises |`\w+` raises ")
_ERROR = re.compile(r"(?<!`)\b[A-Z]\w*Error\b")


def docstrings() -> Iterator[tuple[str, str]]:
    """The docstring of every function and class, with where it stands."""
    for path in sorted(LAYERS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield f"{path.relative_to(LAYERS)}:{node.lineno} {node.name}", ast.get_docstring(node) or ""


def sentences(docstring: str) -> Iterator[str]:
    for paragraph in docstring.split("\n\n"):
        yield from re.split(r"(?<=[.;:])\s+", " ".join(paragraph.split()))


def test_errors_are_told_in_a_sentence_that_begins_with_raises() -> None:
    others = [
        f"{place}: {sentence}"
        for place, docstring in docstrings()
        for sentence in sentences(docstring)
        if _ERROR.search(sentence) and not _FORM.match(sentence)
    ]
    assert not others, "\n".join(others)


def test_error_stands_on_the_line_of_raises() -> None:
    assert [place for place, docstring in docstrings() if re.search(r"\bRaises\n", docstring)] == []
