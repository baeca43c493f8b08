"""The checks of fields, and that what the contract says of them never refuses what they take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from knowledge.items.field_rules import (
    EXTERNAL_ITEM_ID_PATTERN,
    LANGUAGE_PATTERN,
    URL_PATTERN,
    check_external_item_id,
    check_language,
    check_metadata,
    check_text,
    check_url,
    plain_text,
    text_bytes,
)
from knowledge.limits import METADATA_BYTES


def taken(check: Callable[[Any], Any], value: Any) -> bool:
    try:
        result = check(value)
    except ValueError as error:
        assert re.match(r"must (be|have|not) ", str(error))
        return False
    assert result == value
    return True


# Dots and controls are what ids turn on.
ids = st.text(max_size=8) | st.text(alphabet=".\x00\x1f \x7f\x9f\xa0a/", max_size=4)


@given(ids)
@example(".")
@example("..")
@example("...")
@example(".a")
@example("a\n")
@example("\x85")
def test_pattern_of_ids_says_what_the_check_says(value: str) -> None:
    assert taken(check_external_item_id, value) == bool(re.fullmatch(EXTERNAL_ITEM_ID_PATTERN, value))


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("a" * 512, True),
        ("a" * 513, False),
        ("é" * 256, True),
        ("é" * 256 + "a", False),
        ("", False),
        ("\ud800", False),
        ("a\x1fb", False),
        ("\x7f", False),
        ("\x80", False),
        ("\x9f", False),
        ("\xa0", True),
    ],
)
def test_id_is_bounded_in_bytes_and_holds_no_control_character(value: str, good: bool) -> None:
    assert taken(check_external_item_id, value) is good


pieces = st.sampled_from(
    [
        *("http", "https", "HTTPS", "ftp", ":", "//", "/", "a", "example.com", "user@", ":80", ":0", ":x", ":99999"),
        *("?q=1", "#f", "[", "[::1]", "]", "%20", "ü", "@", "", *' \n\t\x85<>"\\^`{|}'),
    ]
)
joined = st.lists(pieces, max_size=6).map("".join)


@given(joined | joined.map("https://a{}".format))
def test_pattern_of_urls_takes_whatever_the_check_takes(value: str) -> None:
    if taken(check_url, value):
        assert re.fullmatch(URL_PATTERN, value)


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("https://example.com", True),
        ("HTTP://EXAMPLE.COM:8080/a?b#c", True),
        ("https://münchen.example/ü", True),
        ("https://[2001:db8::1]/", True),
        ("https://a/" + "x" * 2038, True),
        ("https://a/" + "x" * 2039, False),
        ("https://a/" + "é" * 1019, True),
        ("https://a/" + "é" * 1019 + "x", False),
        ("https:example.com", False),
        ("https:///path", False),
        ("//example.com/", False),
        ("example.com", False),
        ("javascript:alert(1)", False),
        ("https://a:0/", False),
        ("https://a:65536/", False),
        ("https://a b/", False),
        ("https://a/\n", False),
        ("https://[::1/", False),
        ("https://a/\ud800", False),
    ],
)
def test_url_is_absolute_and_holds_nothing_that_ends_it_elsewhere(value: str, good: bool) -> None:
    assert taken(check_url, value) is good
    assert not good or re.fullmatch(URL_PATTERN, value)


@pytest.mark.parametrize(
    "tag",
    # RFC 5646, appendix A.
    [
        *("de", "i-enochian", "zh-Hant", "zh-cmn-Hans-CN", "cmn-Hans-CN", "zh-yue-HK", "sr-Latn-RS"),
        *("sl-rozaj-biske-1994", "de-CH-1901", "hy-Latn-IT-arevela", "es-419", "de-CH-x-phonebk"),
        *("az-Arab-x-AZE-derbend", "x-whatever", "qaa-Qaaa-QM-x-southern", "en-US-u-islamcal"),
        *("zh-CN-a-myext-x-private", "en-a-myext-b-another", "EN-gb"),
    ],
)
def test_language_tags_of_the_rfc_are_taken_but_for_the_grandfathered(tag: str) -> None:
    assert taken(check_language, tag) is (tag != "i-enochian")


@pytest.mark.parametrize(
    "tag",
    [
        *("", "e", "en_US", "en-", "-en", "en--US", "en US", "de-419-DE", "a-DE", "en-x", "en-a", "en-a-x-y"),
        *("englishes", "en-toolongasubtag", "dé", "en\n", "x", "en-" + "variant-" * 4 + "x-y"),
    ],
)
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    assert not taken(check_language, tag)


@settings(max_examples=50)
@given(st.from_regex(LANGUAGE_PATTERN, fullmatch=True))
@example("x-aaaaaaaa-bbbbbbbb-cccccccc-dddddd")
@example("x-aaaaaaaa-bbbbbbbb-cccccccc-ddddddd")
def test_language_tag_is_bounded_by_its_length_alone(tag: str) -> None:
    assert taken(check_language, tag) is (len(tag) <= 35)


@pytest.mark.parametrize(
    ("filling", "good"), [("x" * (METADATA_BYTES - 8), True), ("x" * (METADATA_BYTES - 7), False), ("\ud800", False)]
)
def test_metadata_is_weighed_in_its_canonical_form(filling: str, good: bool) -> None:
    assert taken(check_metadata, {"a": filling}) is good


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3) | st.lists(st.integers(), max_size=2), max_size=3))
def test_weight_of_metadata_is_that_of_utf8_and_not_of_escapes(value: dict[str, Any]) -> None:
    room = METADATA_BYTES - len(
        json.dumps({**value, "filling": ""}, ensure_ascii=False, separators=(",", ":")).encode()
    )
    assert taken(check_metadata, {**value, "filling": "x" * room})
    assert not taken(check_metadata, {**value, "filling": "x" * (room + 1)})


@given(st.text(alphabet="aé😀", max_size=8), st.integers(0, 4), st.integers(4, 8))
def test_texts_are_bounded_in_characters_or_in_bytes_and_the_contract_counts_characters(
    value: str, least: int, most: int
) -> None:
    characters, size = plain_text(least, most), text_bytes(least, most)
    assert taken(characters.check, value) == (least <= len(value) <= most)
    assert taken(size.check, value) == (least <= len(value.encode()) <= most)
    for rule in (characters, size):
        if taken(rule.check, value):
            assert len(value) <= rule.tells["maxLength"]


def test_lone_surrogate_is_no_text() -> None:
    assert check_text("é😀") == "é😀".encode()
    for rule in (plain_text(0, 9), text_bytes(0, 9)):
        assert not taken(rule.check, "a\udc00")
