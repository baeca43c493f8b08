"""Answers: how often the first sentences say what was asked, how many are refused, and that all stand in their items.

    PYTHONPATH=layers/shared:layers/search:clients/python/src python -m benchmarks.answers [--collections FOLDER]

The collections are other people's data under their own licences, and not in this repository. Their folder is named by
the option or by RELEVANCE_COLLECTIONS; without it their part is left out, and says so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from benchmarks.answers import collections, help_centre
from benchmarks.findings import Figure, Findings, Table, conclude
from benchmarks.public_collections import collections_parser, find_folder

RIGHT, REFUSED = 27, 9
INTRO = (
    "The provider that needs no model, with the product's defaults for all: its search, its passages, its choice of"
    " sentences, its check. Inside says how often a known answer stands in the first one, two or three sentences,"
    " sure or not. A question that nothing answers is one whose paragraph was taken out of the base; what is left are"
    " paragraphs of the same article, which is harder than what people ask in vain. Kept at 90 % is how many"
    " questions are surer than nine of ten of those; answered and refused are with the threshold of the product. The"
    " forty questions about the help centre of the examples are in people's words, ten of them without an answer in"
    " it; the weights were chosen with them and with the collections in sight, so of others less is to be hoped for."
)


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure all of it, or all but the collections."""
    folder = find_folder(arguments, "collections are")
    figures: list[Figure] = []
    tables: list[Table] = []
    if folder is not None:
        found = [collections.measure_collection(name, folder) for name in collections.NAMES]
        figures += judged(
            {each.collection: (each.inside[-1], each.kept, each.verbatim) for each in found},
        )
        tables.append(Table(collections.HEADS, collections.table_rows(found), collections.TITLE))
    asked = help_centre.ask_all()
    right = sum(each.is_right for each in asked if each.items)
    refused = sum(each.is_right for each in asked if not each.items)
    figures += judged_help_centre(right, refused)
    tables.append(help_centre.table(asked))
    return Findings("Answers", INTRO, figures, tables)


def judged(reached: Mapping[str, tuple[float, float, float]]) -> list[Figure]:
    """Hold collections against their floors: shares inside three sentences, kept, and verbatim."""
    return [
        figure
        for name, (inside, kept, verbatim) in reached.items()
        for figure in (
            Figure(f"answers of {name} inside three sentences", collections.INSIDE[name], inside, "", at_least=True),
            Figure(f"answers of {name} kept at 90 %", collections.KEPT, kept, "", at_least=True),
            Figure(f"quotes of {name} that stand in their items", 1, verbatim, "", at_least=True),
        )
    ]


def judged_help_centre(right: int, refused: int) -> list[Figure]:
    """Hold the forty questions against theirs."""
    return [
        Figure("questions to the help centre, of 30, that cite the right item", RIGHT, right, "", at_least=True),
        Figure("questions to the help centre, of 10, that are refused", REFUSED, refused, "", at_least=True),
    ]


def main() -> int:
    """Run the benchmark."""
    arguments = collections_parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
