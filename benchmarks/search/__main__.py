"""Search: how relevant hits are, what publications write, what a query takes.

    PYTHONPATH=layers/shared:layers/search python -m benchmarks.search [--collections FOLDER] [--size full]

The collections are other people's data under their own licences, and not in this repository. Their folder is named by
the option or by RELEVANCE_COLLECTIONS; without it their part is left out, and says so. What a search asks of AWS is
counted on Dynoxide and moto.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.findings import Figure, Findings, Table, conclude
from benchmarks.public_collections import collections_parser, find_folder
from benchmarks.search import asking, effort, relevance, writing

# The large ones as well: a merge writes fewer bytes an item.
COUNTS = (1, 8, 100, 1_000, 10_000)
ROUNDS = {"small": 5, "usual": 20, "full": 50}
ITEMS = {"small": (1_000,), "usual": (1_000, 10_000), "full": (1_000, 50_000, 500_000)}
QUERIES = {"small": 50, "usual": 200, "full": 200}
SEARCHED = {"small": (1_000,), "usual": (1_000, 10_000), "full": (1_000, 10_000, 50_000)}
FOLLOWED = {"small": 5, "usual": 20, "full": 20}
INTRO = (
    "Relevance is measured with public collections, all with one setting: a document an item, title and text"
    " of equal weight, the analysis that the item's language asks for; the index is what a search reads of it,"
    " and the words themselves are much of it where documents are few. Segments are built of made-up items of"
    " 900 bytes with a tag and a value of metadata; their bytes are those of the whole object, with the texts"
    f" that merging needs. A list is followed through publications of 1 to {writing.MOST_CHANGES} changes in a"
    f" source of {writing.ITEMS:,} items, by the rule that runs merge by and the bytes that were measured;"
    " amplification is against the bytes that the publications alone would have written. Queries have four"
    " words, and are put to an index of eight segments; bm25s and SQLite's FTS5 have the same texts and"
    " queries, in the same process. What a search asks of AWS is counted at POST /v1/search, of the function itself:"
    f" pages of {asking.HITS} hits in a source that was published at once, and then {asking.PUBLICATIONS} times with"
    " few changes. The cold search is the first of a process with nothing on its disk; the warm ones follow it, each"
    " with other words. Their price is that of what was counted (see Cost for the prices), and of the function's time:"
    " its CPU here, a wait for each call that follows another (5 ms for DynamoDB, 25 ms for S3), and what bytes take"
    f" from S3 ({asking.BYTES_A_SECOND // 1_000_000} MB a second). Left out are cold starts, traces, alarms, and"
    " what the platform logs."
)


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure all of it, or all but relevance."""
    size, folder = arguments.size, find_folder(arguments, "relevance is")
    figures: list[Figure] = []
    tables: list[Table] = []
    if folder is not None:
        found = [relevance.measure_collection(name, folder) for name in relevance.FLOORS]
        figures += relevance.judged({each.collection: each.ndcg for each in found})
        tables.append(relevance.table(found))
    measured = writing.measure_bytes(COUNTS, ROUNDS[size])
    lived = [writing.live(what, count, measured) for what, count in writing.PUBLICATIONS.items()]
    figures += writing.judged_bytes({count: whole for count, (whole, _) in measured.items()})
    figures += writing.judged_lists(lived)
    asked = [effort.ask_all(items, QUERIES[size]) for items in ITEMS[size]]
    ratios = [(each.items, each.bm25s and each.ours / each.bm25s, each.ours / each.fts5) for each in asked]
    figures += effort.stated(ratios)
    searched = [asking.ask(items, QUERIES[size], FOLLOWED[size]) for items in SEARCHED[size]]
    figures += asking.judged(
        {each.items: each.cold_share for each in searched},
        {each.items: round(each.dollars["together"], 2) for each in searched},
    )
    tables += [writing.bytes_table(measured), writing.lists_table(lived), effort.table(asked)]
    tables += [asking.calls_table(searched), asking.price_table(searched)]
    return Findings("Search", INTRO, figures, tables)


def main() -> int:
    """Run the benchmark."""
    arguments = collections_parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
