"""Who did with least, read from made-up measurements; the peers themselves are not installed here."""

from __future__ import annotations

from benchmarks.peers.data import chosen, row
from benchmarks.peers.effort import Effort
from benchmarks.peers.verdict import MEASURES, Cell, growth, ranking, who_did_with_least, wins


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


def test_ranking_puts_the_least_first_and_counts_what_the_database_was_sent():
    assert ranking(CELLS[:3], MEASURES["bytes written"]) == "Lance; this project 5 x; Delta 10 x"
    assert ranking(CELLS[3:], MEASURES["bytes written"]) == "this project; Lance 1.60 x; Delta 18 x"


def test_wins_tell_of_losing_as_of_winning_and_count_each_that_is_alike():
    told = wins(CELLS)
    assert told[0] == "Least bytes written, of 2 cases: this project 1, Lance 1, Delta 0."
    assert told[1] == "Least objects written, of 2 cases: this project 2, Delta 2, Lance 0."


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
