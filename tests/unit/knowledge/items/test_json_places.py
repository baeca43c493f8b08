"""Where what is refused stands: found for any text, and not dearer than reading it a few times."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.items.json_places import JsonPlace
from knowledge.items.json_text import JsonTextError, parse_json


def place_of(text: str) -> JsonPlace:
    with pytest.raises(JsonTextError) as refused:
        parse_json(text.encode())
    assert refused.value.place is not None
    return refused.value.place


def batch(of: int, at: int, entry: str) -> str:
    entries = [f'{{"externalItemId": "id-{number}", "metadata": {{}}}}' for number in range(of)]
    entries[at] = entry
    return f'{{"items": [{", ".join(entries)}]}}'


@pytest.mark.parametrize(
    ("entry", "steps", "named", "at"),
    [
        ('{"externalItemId": "x", "metadata": {"p": 1e999}}', ("metadata", "p"), "x", "1e999"),
        ('{"metadata": {"p": [0, 1e999]}, "externalItemId": "x"}', ("metadata", "p", 1), "x", "1e999"),
        ('{"externalItemId": "x", "metadata": {"p": 1, "p": 2}}', ("metadata",), "x", '"p": 2'),
        ('{"externalItemId": "x", "metadata": NaN}', ("metadata",), "x", "NaN"),
        ('{"externalItemId": 7, "metadata": 1e999}', ("metadata",), None, "1e999"),
        ('{"metadata": {"externalItemId": "y", "p": 1e999}}', ("metadata", "p"), None, "1e999"),
        (f'{{"externalItemId": "x", "n": {"9" * 5_000}}}', ("n",), "x", "9" * 5_000),
    ],
)
def test_item_and_field_are_named(entry: str, steps: tuple[Any, ...], named: str | None, at: str) -> None:
    text = batch(1_000, 437, entry)
    place = place_of(text)
    assert place.steps == ("items", 437, *steps)
    assert (place.index, place.external_item_id) == (437, named)
    assert place.position is not None
    assert text[place.position :].startswith(at)


def test_item_that_is_sent_alone_is_named_too() -> None:
    assert place_of('{"externalItemId": "x", "title": 1e999}') == JsonPlace(("title",), 33, "x")


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ('{"items": [{"externalItemId": "a"}, {"externalItemId": "b" "title": 1}]}', ("items", 1)),
        ('{"items": [{"a": 1}, {"b": }]}', ("items", 1, "b")),
        ('{"items": [1 2]}', ("items",)),
        ('{"items": [{}, {"x": "\t"}]}', ("items", 1, "x")),
        ('{"items": [{}', ("items",)),
        ('{"items" 1}', ()),
        ('{"items": [1,]}', ("items",)),
        ("{} {}", ()),
        ("", ()),
    ],
)
def test_faulty_syntax_is_told_with_the_value_it_is_in(text: str, steps: tuple[Any, ...]) -> None:
    assert place_of(text).steps[: len(steps)] == steps


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ('{"externalItemId": "b", "content": \'C\'}', "b"),
        ('{"externalItemId": "b" "title": 1}', "b"),
        ('{"externalItemId": "b", "title": "T",}', "b"),
        ('{"externalItemId": "b", "metadata": {"externalItemId": "c", "p": }}', "b"),
        ('{"externalItemId": 7, "title": }', None),
        ('{"title": , "externalItemId": "b"}', None),
    ],
)
def test_item_of_faulty_syntax_is_named_by_what_stands_before_the_fault(entry: str, named: str | None) -> None:
    assert place_of(f'{{"items": [{{"externalItemId": "a"}}, {entry}]}}').external_item_id == named
    assert place_of(entry).external_item_id == named


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.data(), st.booleans())
def test_bad_number_is_found_wherever_it_is(value: Any, data: st.DataObject, spaced: bool) -> None:
    steps: list[Any] = []
    parent, inner = None, value
    while isinstance(inner, (dict, list)) and inner and len(steps) < 8:
        step = data.draw(st.sampled_from(list(inner) if isinstance(inner, dict) else range(len(inner))))
        steps.append(step)
        parent, inner = inner, inner[step]
    mark = "the number goes here"
    if parent is None:
        value = mark
    else:
        parent[steps[-1]] = mark
    text = json.dumps(value, ensure_ascii=False, indent=1 if spaced else None).replace(f'"{mark}"', "1e999")
    place = place_of(text)
    assert place.steps == tuple(steps)
    assert place.position == text.index("1e999")


def test_too_many_values_are_not_walked_through() -> None:
    place = place_of(f'{{"items": [{"1," * 200_000}1e999]}}')
    assert place == JsonPlace(("items",), None, None)


def test_deep_values_are_told_by_the_one_around_them() -> None:
    text = '{"a":' * 40 + "1e999" + "}" * 40
    assert place_of(text).steps == ("a",) * 8
