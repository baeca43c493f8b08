"""What a list says of a segment is what it is checked by."""

from __future__ import annotations

from knowledge.index.names import ObjectKind, name_of
from knowledge.segments.rows import named, ref_of

from tests.support.segments import built, document


def test_row_names_the_segment_that_was_built() -> None:
    name = name_of(ObjectKind.RUN_SEGMENT, f"run_{1:026d}", f"att_{1:026d}", 3)
    segment = built([document("a")])
    row = named(name, segment.ref)
    assert row.name == name
    assert ref_of(row) == segment.ref
    assert (row.bytes, row.documents) == (len(segment.data), 1)
