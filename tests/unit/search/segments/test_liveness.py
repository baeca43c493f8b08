"""Of all documents of an item the newest counts, unless a newer segment killed it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from search.segments.liveness import dead_documents, is_live, live_places
from search.segments.merging import as_part, live_documents
from search.segments.prefixes import prefix_of

from tests.support.segments import document

IDS = "abcde"
# What each segment adds and kills.
LISTS = st.lists(st.tuples(st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS))), max_size=6)


def parts_of(listed: list[tuple[set[str], set[str]]]) -> list:
    return [
        as_part([document(each, f"{each} {number}") for each in sorted(added)], set(map(prefix_of, killed - added)))
        for number, (added, killed) in enumerate(listed)
    ]


def served(listed: list[tuple[set[str], set[str]]]) -> dict[str, int]:
    """What is served, as one would do it by hand: of each item the number of its segment."""
    state: dict[str, int] = {}
    for number, (added, killed) in enumerate(listed):
        state = {each: at for each, at in state.items() if each not in killed}
        state |= dict.fromkeys(added, number)
    return state


@given(LISTS)
def test_what_counts_is_what_is_served(listed: list[tuple[set[str], set[str]]]) -> None:
    parts, state = parts_of(listed), served(listed)
    found = {(each, number) for number in range(len(parts)) for each in IDS if is_live(parts, number, prefix_of(each))}
    assert found == set(state.items())
    assert live_places(parts) == [
        {prefix_of(each) for each, at in state.items() if at == number} for number in range(len(parts))
    ]
    assert dead_documents(parts, len(state)) == sum(len(added) for added, _ in listed) - len(state) >= 0


@given(LISTS)
def test_documents_that_count_are_told_oldest_first(listed: list[tuple[set[str], set[str]]]) -> None:
    told = [each.text.text for each in live_documents(parts_of(listed))]
    assert sorted(told) == sorted(f"{each} {at}" for each, at in served(listed).items())
    assert [text[2:] for text in told] == sorted(text[2:] for text in told)
