"""Imports as rows, and the order of their tickets."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st
from knowledge.actors import Actor, Author
from knowledge.imports.model import Import, ImportFile, ImportFormat, ImportMode, ImportState
from knowledge.imports.rows import TICKETS, import_from, import_row, import_sk, reading_values, ticket_sk
from knowledge.staging.model import StagingCounts
from knowledge.storage.attributes import from_row, to_row

numbers = st.integers(0, 10**15 - 1)
texts = st.text(min_size=1)
new_imports = st.builds(
    Import,
    tenant_id=texts,
    source_id=texts,
    import_id=texts,
    state=st.sampled_from(ImportState),
    mode=st.sampled_from(ImportMode),
    apply=st.booleans(),
    format=st.sampled_from(ImportFormat),
    created_at=numbers,
    updated_at=numbers,
    file=st.none() | st.builds(ImportFile, texts, texts, texts, numbers),
    attempt=numbers,
    alive_until=numbers,
    checkpoint=numbers,
    by=st.none()
    | st.builds(Actor, st.builds(Author, texts, texts), texts, texts, st.none() | texts, st.none() | texts),
    message=st.none() | texts,
    max_rejected=numbers,
    counted=st.booleans(),
    queued_at=st.none() | numbers,
)
READ = ("offset", "lines", "rejected", "reported", "unreported", "slots_done", "pieces")


@given(new_imports)
def test_new_import_reads_back_with_the_first_value_of_what_no_step_wrote(job: Import) -> None:
    assert import_from(from_row(to_row(import_row(job)))) == job


@given(new_imports, st.fixed_dictionaries(dict.fromkeys(READ, numbers)), st.booleans(), st.none() | numbers)
def test_how_far_an_import_was_read_reads_back(
    job: Import, read: dict[str, int], inflated: bool, plain_bytes: int | None
) -> None:
    counts = StagingCounts(created=read["lines"], stale=read["rejected"])
    job = replace(job, **read, counts=counts, inflated=inflated, plain_bytes=plain_bytes)
    assert import_from(from_row(to_row(import_row(job) | reading_values(job)))) == job


def test_every_field_has_an_attribute_that_it_is_read_from() -> None:
    """Whatever a step writes under the name of a field in camel case is that field's."""
    names = {each.name: each.name.title().replace("_", "") for each in fields(Import)}
    attributes = {name: camel[0].lower() + camel[1:] for name, camel in names.items()}
    row = import_row(Import("t", "s", "i", ImportState.QUEUED, ImportMode.UPSERT, False, ImportFormat.NDJSON, 1, 2))
    later = {
        name: value
        for name, value in attributes.items()
        if name not in {"source_id", "file", "counts", "last_error"} and value not in row
    }
    job = import_from(row | {value: f"<{name}>" for name, value in later.items()})
    assert {name: getattr(job, name) for name in later} == {name: f"<{name}>" for name in later}


@given(st.lists(st.tuples(numbers, texts), min_size=2, max_size=5))
def test_tickets_sort_by_the_time_at_which_the_files_came(arrivals: list[tuple[int, str]]) -> None:
    made = Import("t", "s", "i", ImportState.QUEUED, ImportMode.UPSERT, False, ImportFormat.NDJSON, 1, 2)
    tickets = sorted(ticket_sk(replace(made, queued_at=at, import_id=name)) for at, name in arrivals)
    assert tickets == [f"{TICKETS}{at:015d}#{name}" for at, name in sorted(arrivals)]
    assert not any(ticket.startswith(import_sk("")) for ticket in tickets)
