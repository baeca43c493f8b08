"""Plots of what was found, as SVG: the same curves make the same file."""

from __future__ import annotations

from pathlib import Path

from matplotlib import use
from matplotlib.figure import Figure as Canvas

from benchmarks.findings import Plot

use("svg")
_STYLE = {"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9}
_INCHES = (6.4, 3.8)
_MARKS = "os^Dv<>p"


def draw(plot: Plot, folder: Path) -> Path:
    """Write a plot into a folder and return its path."""
    from matplotlib import rc_context

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plot.name}.svg"
    with rc_context(_STYLE):
        canvas = Canvas(figsize=_INCHES, layout="constrained")
        axes = canvas.add_subplot()
        for index, (label, points) in enumerate(plot.curves.items()):
            xs, ys = zip(*sorted(points), strict=True)
            axes.plot(xs, ys, marker=_MARKS[index % len(_MARKS)], markersize=4, linewidth=1.2, label=label)
        axes.set_xscale("log")
        if plot.linear_y:
            axes.set_ylim(bottom=0)
        else:
            axes.set_yscale("log")
        axes.set(title=plot.title, xlabel=plot.x, ylabel=plot.y)
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.legend(fontsize=8)
        canvas.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    return path
