"""Items as one text: safe in an address, bounded, and read back to what it was made of, and from nothing else."""

from __future__ import annotations

import base64
import re

import pytest
from httpapi.assistants.item_tokens import item_token, read_token
from hypothesis import given
from hypothesis import strategies as st
from knowledge.errors import ItemNotFoundError
from knowledge.ids import encode_ulid
from knowledge.items.field_rules import check_external_item_id
from knowledge.limits import EXTERNAL_ITEM_ID_BYTES, ITEM_TOKEN_CHARACTERS
from knowledge.searching.model import ItemName

SOURCE = "src_01KAQ5HZY6V7B2N3M4P5Q6R7S8"


def _sound(text: str) -> bool:
    try:
        return bool(check_external_item_id(text))
    except ValueError:
        return False


item_ids = st.text(min_size=1, max_size=128).filter(_sound)
sources = st.integers(0, 2**128 - 1).map(lambda number: f"src_{encode_ulid(number)}")


@given(sources, item_ids)
def test_a_token_is_read_back(source: str, item: str) -> None:
    token = item_token(ItemName(source, item))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert read_token(token) == (source, item)


def test_the_longest_token_is_as_long_as_is_said() -> None:
    assert len(item_token(ItemName(SOURCE, "x" * EXTERNAL_ITEM_ID_BYTES))) == ITEM_TOKEN_CHARACTERS


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_-]{0,60}", fullmatch=True)))
def test_any_other_text_is_no_item(text: str) -> None:
    try:
        name = read_token(text)
    except ItemNotFoundError:
        return
    assert item_token(name) == text


def _of(item: bytes) -> str:
    return base64.urlsafe_b64encode(bytes(16) + item).rstrip(b"=").decode()


@pytest.mark.parametrize("item", [b"", b"\xff", b".", b"..", b"a\x00", b"x" * 513, b"\xed\xa0\x80"])
def test_what_no_item_can_be_called_is_none(item: bytes) -> None:
    with pytest.raises(ItemNotFoundError):
        read_token(_of(item))


def test_one_item_has_one_token() -> None:
    token = item_token(ItemName(SOURCE, "a"))
    # 17 bytes leave two bits of the last character unused.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    unused = [token[:-1] + alphabet[alphabet.index(token[-1]) + more] for more in (1, 2, 3)]
    for other in (token + "=", token + "==", token + "\n", " " + token, token[:-1], *unused):
        with pytest.raises(ItemNotFoundError):
            read_token(other)
