"""Who did with least, read from made-up measurements; the peers themselves are not installed here."""

from __future__ import annotations

from benchmarks.peers.bucket import FolderBucket
from benchmarks.peers.data import chosen, row
from benchmarks.peers.effort import Effort
from benchmarks.peers.verdict import (
    MEASURES,
    Cell,
    bytes_ratios,
    growth,
    judged,
    objects_ratio,
    ranking,
    who_did_with_least,
    wins,
)


def cell(system: str, items: int, changes: int = 1, *, written: int, sent: int = 0, files: int = 1) -> Cell:
    change = Effort(cpu_seconds=1.0, bytes_written=written, files_written=files, database_bytes_sent=sent)
    return Cell(system, items, changes, change, Effort(cpu_seconds=0.5, bytes_read=written))


CELLS = [
    cell("ours", 100, written=20, sent=30, files=2),
    cell("delta", 100, written=100, files=2),
    cell("lance", 100, written=10, files=4),
    cell("ours", 1000, written=20, sent=30, files=2),
    cell("delta", 1000, written=900, files=2),
    cell("lance", 1000, written=80, files=4),
]
FILES = {"ours": 3, "delta": 2, "lance": 4}
SPANS = ("2-4", "8-20", "-2", "-32768")
WRITTEN = {"ours": 24, "delta": 1, "lance": 10}


def test_ranking_puts_the_least_first_and_counts_what_the_database_was_sent():
    assert ranking(CELLS[:3], MEASURES["bytes written"]) == "Lance; this project 5 x; Delta 10 x"
    assert ranking(CELLS[3:], MEASURES["bytes written"]) == "this project; Lance 1.60 x; Delta 18 x"


def test_wins_tell_of_losing_as_of_winning_and_count_each_that_is_alike():
    told = wins(CELLS)
    assert told[0] == "Least bytes written, of 2 cases: this project 1, Lance 1, Delta 0."
    assert told[1] == "Least objects written, of 2 cases: this project 2, Delta 2, Lance 0."


def test_objects_are_held_against_the_peer_with_fewest_where_that_is_worst():
    assert objects_ratio(CELLS) == 1
    assert objects_ratio([*CELLS, *(cell(each, 5, written=1, files=files) for each, files in FILES.items())]) == 1.5
    assert [figure.verdict for figure in judged(1.5, {})] == ["MISSED, by 50 %"]


def test_bytes_of_objects_are_held_against_lance_without_what_the_database_was_sent():
    cells = [cell(each, 100_000, written=written, sent=1_000) for each, written in WRITTEN.items()]
    assert bytes_ratios([*CELLS, *cells]) == {(100_000, 1): 2.4}
    (_, figure) = judged(1, {(100_000, 1): 2.6})
    assert figure.row == ["bytes of objects against Lance: 1 of 100,000", "<= 2.50 x", "2.60 x", "MISSED, by 4 %"]


def test_every_number_of_rows_and_changes_has_its_line():
    assert [line[0] for line in who_did_with_least(CELLS).rows] == ["1 of 100", "1 of 1,000"]


def test_growth_holds_the_most_rows_against_the_fewest():
    table = growth(CELLS)
    assert table is not None
    assert [line[:2] for line in table.rows] == [
        ["this project, 1 changed", "1 x"],
        ["Delta, 1 changed", "9 x"],
        ["Lance, 1 changed", "8 x"],
    ]
    assert growth(CELLS[:3]) is None


def test_rows_are_the_same_wherever_they_are_made_and_differ_by_edition():
    assert row(7, 1) == row(7, 1)
    assert row(7, 1).content != row(7, 2).content != row(8, 2).content
    assert sorted(chosen(50, 50)) == list(range(50))


def test_bucket_of_files_reads_ranges_as_s3_does(tmp_path):
    bucket = FolderBucket(tmp_path / "objects", tmp_path / "metadata")
    bucket.put_object(Key="a/b", Body=b"0123456789")
    answers = [bucket.get_object(Key="a/b", **asked) for asked in ({}, *({"Range": f"bytes={each}"} for each in SPANS))]
    assert [(answer["Body"].read(), answer["ContentRange"]) for answer in answers] == [
        (b"0123456789", "bytes 0-9/10"),
        (b"234", "bytes 2-4/10"),
        (b"89", "bytes 8-9/10"),
        (b"89", "bytes 8-9/10"),
        (b"0123456789", "bytes 0-9/10"),
    ]
