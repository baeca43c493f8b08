"""Draws in docs/architecture.md who imports whom: `make reference`. A test tells when it is out of date.

The arrows are the imports as they are; what they may be, import-linter holds (`[tool.importlinter]` in pyproject.toml).
It holds, too, that none goes in a circle: here this is taken for granted.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
LAYERS = (ROOT / "layers" / "shared", ROOT / "layers" / "search")
CLIENT = ROOT / "clients" / "python" / "src"
TARGET = ROOT / "docs" / "architecture.md"
BEGIN = "<!-- Made from imports and docstrings by `make reference`: edit those, or docs/draw_rooms.py. -->\n"
END = "<!-- End of what is made. -->\n"
HOUSES = ("knowledge", "webhooks", "httpapi", "search")
# The modules of `knowledge` that import none of its rooms are one box, or they would hide the rooms behind arrows.
WORDS = "knowledge.words"
WORDS_TOLD = "The words that every room uses."

Arrows = dict[str, set[str]]


class Drawing:
    """Some modules and packages, each with all it contains as one box, from the top down."""

    def __init__(self, graph: grimp.ImportGraph, boxes: Collection[str]) -> None:
        """Find the arrows; `boxes` are names of modules, none inside another."""
        self._graph = graph
        self._arrows: Arrows = {
            upper: {lower for lower in boxes if upper != lower and _imports(graph, upper, lower)} for upper in boxes
        }

    def merge(self, name: str, parts: Collection[str]) -> None:
        """Make one box of several."""
        arrows = {upper: set(lowers) for upper, lowers in self._arrows.items()}
        lowers = set().union(*(arrows.pop(part) for part in parts)) - set(parts)
        for each in arrows.values():
            if each & set(parts):
                each.add(name)
                each.difference_update(parts)
        self._arrows = {**arrows, name: lowers}

    def without_rooms_below(self) -> list[str]:
        """Return the modules that import no package, not even by way of others."""
        return [box for box in self._arrows if not any(map(self._is_package, {box, *self._reached(box)}))]

    @property
    def boxes(self) -> list[str]:
        """All boxes, none above one that imports it."""
        return sorted(self._arrows, key=lambda box: (-self._height(box), box))

    def lines(self) -> Iterator[str]:
        """Yield the drawing as Mermaid. A package is a box, a module is rounded."""
        yield from ("```mermaid", "flowchart TB")
        for box in self.boxes:
            name = box.rpartition(".")[2]
            yield f"    {_id(box)}[{name}]" if self._is_package(box) else f"    {_id(box)}([{name}])"
        for box in self.boxes:
            if lowers := self._next_below(box):
                yield f"    {_id(box)} --> {' & '.join(map(_id, lowers))}"
        yield "```"

    def _next_below(self, box: str) -> list[str]:
        # An arrow is left out where a longer way leads to the same box: this is what makes the drawing legible.
        lowers = self._arrows[box]
        return sorted(lower for lower in lowers if not any(lower in self._reached(other) for other in lowers - {lower}))

    def _reached(self, box: str) -> set[str]:
        return self._arrows[box].union(*map(self._reached, self._arrows[box]))

    def _height(self, box: str) -> int:
        return 1 + max(map(self._height, self._arrows[box]), default=-1)

    def _is_package(self, box: str) -> bool:
        return box in self._graph.modules and bool(self._graph.find_children(box))


def _imports(graph: grimp.ImportGraph, upper: str, lower: str) -> bool:
    return graph.direct_import_exists(importer=upper, imported=lower, as_packages=True)


def _id(box: str) -> str:
    # `call` alone means something to Mermaid.
    return box.replace(".", "_")


def _rows(house: str, boxes: Collection[str], words: Collection[str]) -> Iterator[str]:
    yield from (f"| in `{house}` | what it is |", "|---|---|")
    for box in boxes:
        if box == WORDS:
            yield f"| {', '.join(map(_link, sorted(words)))} | {WORDS_TOLD} |"
        else:
            yield f"| {_link(box)} | {_purpose(_path(box))} |"


def _path(module: str) -> Path:
    house, *rooms = module.split(".")
    layer = next(each for each in LAYERS if (each / house).is_dir())
    path = layer.joinpath(house, *rooms)
    return path if path.is_dir() else path.with_suffix(".py")


def _link(module: str) -> str:
    return f"[{module.rpartition('.')[2]}](../{_path(module).relative_to(ROOT).as_posix()})"


def _purpose(path: Path) -> str:
    source = path / "__init__.py" if path.is_dir() else path
    told = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    return told.partition("\n")[0].replace("|", "\\|")


def _drawn() -> Iterator[str]:
    roots = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["root_packages"]
    graph = grimp.build_graph(*roots, cache_dir=None)
    yield from Drawing(graph, roots).lines()
    for house in HOUSES:
        drawing = Drawing(graph, graph.find_children(house))
        words = drawing.without_rooms_below() if house == "knowledge" else []
        if words:
            drawing.merge(WORDS, words)
        yield from ("", f"### The rooms of {house}", "")
        yield from drawing.lines()
        yield ""
        yield from _rows(house, drawing.boxes, words)


def rendered() -> str:
    """Return the page with its drawings as the imports make them now."""
    page = TARGET.read_text("utf-8")
    before, after = page[: page.index(BEGIN) + len(BEGIN)], page[page.index(END) :]
    return "\n".join([before, *_drawn(), "", after])


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), *map(str, (*LAYERS, CLIENT))]
    TARGET.write_text(rendered(), "utf-8")
