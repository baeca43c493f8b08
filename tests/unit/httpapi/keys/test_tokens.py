"""The text of API keys."""

from __future__ import annotations

import re
import zlib

import pytest
from httpapi.errors import InvalidKeyError
from httpapi.keys import tokens
from httpapi.keys.model import KeyKind
from knowledge.environments import Environment


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize(("kind", "beginning"), [(KeyKind.SECRET, "sk"), (KeyKind.BROWSER, "pk")])
def test_minted_token_has_the_documented_shape_and_parses(
    environment: Environment, kind: KeyKind, beginning: str
) -> None:
    token = tokens.mint(environment, tokens.new_key_id(), kind)
    assert re.fullmatch(rf"{beginning}_{environment}_[0-9A-Za-z]{{16}}_[0-9A-Za-z]{{49}}", token.text)
    assert tokens.parse(token.text) == token
    assert token.text not in repr(token)


def test_checksum_is_base62_of_crc32() -> None:
    number = 0
    for digit in tokens.checksum("sk_live_x"):
        number = number * 62 + tokens.ALPHABET.index(digit)
    assert number == zlib.crc32(b"sk_live_x")


def test_any_changed_character_is_noticed() -> None:
    text = tokens.mint(Environment.LIVE, tokens.new_key_id()).text
    for place, old in enumerate(text):
        changed = text[:place] + ("b" if old == "a" else "a") + text[place + 1 :]
        with pytest.raises(InvalidKeyError):
            tokens.parse(changed)


@pytest.mark.parametrize("text", ["", "sk_live_", "sk_prod_0123456789abcdef_", "\n", "sk_live_" + "é" * 66])
def test_what_is_no_key_is_invalid(text: str) -> None:
    with pytest.raises(InvalidKeyError):
        tokens.parse(text)


def test_trailing_newline_is_not_ignored() -> None:
    text = tokens.mint(Environment.LIVE, tokens.new_key_id()).text
    with pytest.raises(InvalidKeyError):
        tokens.parse(text + "\n")


def test_hash_covers_the_whole_text() -> None:
    key_id = tokens.new_key_id()
    live, other = tokens.mint(Environment.LIVE, key_id), tokens.mint(Environment.LIVE, key_id)
    assert live.matches(live.hash())
    assert not other.matches(live.hash())


def test_hashes_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(first: str, second: str) -> bool:
        compared.append((first, second))
        return False

    monkeypatch.setattr("hmac.compare_digest", compare)
    token = tokens.mint(Environment.LIVE, tokens.new_key_id())
    assert not token.matches("hash")
    assert compared == [(token.hash(), "hash")]


def test_derived_id_belongs_to_rotation_line_and_idempotency_key() -> None:
    first = tokens.derived_key_id("line_a", "k")
    assert first == tokens.derived_key_id("line_a", "k")
    assert len({first, tokens.derived_key_id("line_b", "k"), tokens.derived_key_id("line_a", "l")}) == 3
    assert tokens.is_key_id(first)
