"""What files may hold: bad lines, repeated items, damaged and enormous gzip."""

from __future__ import annotations

import gzip
import random

import pytest
from knowledge.imports import staging as import_staging
from knowledge.imports import window_writer as import_window_writer

from testing.import_files import Importing, many, ndjson
from testing.lifecycle import draft
from tests.support.import_bad_lines import BAD_LINES, GOOD_ODD_LINES


def test_last_line_of_an_item_counts(importing: Importing) -> None:
    body = b"".join(ndjson({"a": f"text {number}"}) for number in range(5)) + ndjson({"b": "other"})
    job = importing.whole(body)
    assert importing.life.served() == {"a": "text 4", "b": "other"}
    assert (job.counts.created, job.counts.updated) == (2, 4)


def test_older_source_version_is_stale_and_kept(importing: Importing) -> None:
    life = importing.life
    life.knowledge.staging.push_items(life.source, [draft("a", "new", source_version=9)])
    old = b'{"externalItemId":"a","title":"A","content":"old","sourceVersion":3}\n'
    job = importing.whole(old + ndjson({"b": "two"}), "snapshot")
    assert (job.counts.stale, job.counts.removed) == (1, 0)
    assert life.served() == {"a": "new", "b": "two"}


def test_every_way_a_line_can_be_bad_is_reported_by_its_number(importing: Importing) -> None:
    dice = random.Random(6)
    lines = [ndjson({name: text}) for name, text in many(300).items()]
    lines += [text + b"\n" for text in GOOD_ODD_LINES]
    good = len(lines)
    lines += [text + b"\n" for text in BAD_LINES]
    dice.shuffle(lines)
    bad = {number for number, text in enumerate(lines, start=1) if text[:-1] in set(BAD_LINES)}
    importing.life.push(other="stays")
    job = importing.whole(b"".join(lines), "snapshot")
    assert (job.lines, job.rejected) == (len(lines), len(bad))
    assert job.counts.created == good - sum(not text.strip() for text in GOOD_ODD_LINES)
    report = importing.report(job)
    assert {entry["line"] for entry in report} == bad
    assert [entry["line"] for entry in report] == sorted(entry["line"] for entry in report)
    assert all(set(entry) == {"line", "externalItemId", "path", "message"} and entry["message"] for entry in report)
    assert "other" in importing.life.served()


def test_report_is_capped_and_counts_the_rest(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_window_writer, "REPORTED_PROBLEMS", 25)
    job = importing.whole(b"nonsense\n" * 60)
    assert (job.rejected, job.reported, job.unreported) == (60, 25, 35)
    assert [entry["line"] for entry in importing.report(job)] == list(range(1, 26))


def test_gzip_bomb_is_given_up_before_anything_is_staged(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    from knowledge.imports import inflating as import_inflating

    monkeypatch.setattr(import_inflating, "INFLATED_BYTES", 4_000_000)
    job = importing.whole(gzip.compress(b"\0" * 100_000_000))
    assert (job.state, job.lines) == ("failed", 0)
    assert "inflates to more" in job.last_error.message


@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_damaged_gzip_stages_nothing(importing: Importing, harm: str) -> None:
    body = bytearray(gzip.compress(ndjson(many(500))))
    if harm == "cut":
        del body[-20:]
    else:
        body[len(body) // 2] ^= 0xFF
    job = importing.whole(bytes(body))
    assert (job.state, job.counts.created) == ("failed", 0)
    assert "gzip file" in job.last_error.message


def test_file_that_is_replaced_under_way_is_noticed(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_staging, "BYTES_PER_CALL", 10_000)
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson(many(1_000))))
    importing.life.import_machine.run_until("IsStaged")
    importing.life.import_machine.run_until("IsStaged")
    importing.upload(job, ndjson(many(1_000, "other")))
    importing.run()
    assert "was replaced" in importing.get(job).last_error.message
