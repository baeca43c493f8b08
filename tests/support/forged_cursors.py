"""Cursors that no list gave out, of every kind."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Sequence

from knowledge.limits import CURSOR_CHARACTERS

_TEXTS = ("", "\ud800", "\udfff\ud800", "a" * 512, "ä" * 300, "\0", "..", "ITEM#", "SRC#", "zzzz", '"', "9" * 400)
_VALUES = (None, True, -1, 10**40, 1e308, float("nan"), float("inf"), [], {}, [[]], {"a": {"b": [None]}})


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def position(chance: random.Random) -> object:
    """A position as a list might have, or as somebody might think."""
    pick = [*_TEXTS, *_VALUES, chance.randrange(10**15), "".join(chance.choices("abc/#\ud83d", k=5))]
    made: list[object] = chance.choices(pick, k=chance.randint(1, 4))
    return chance.choice([made, made[0], {"pk": {"S": str(made[0])}, "sk": {"S": "x"}}])


def forged(chance: random.Random, genuine: Sequence[str]) -> Iterator[str]:
    """Cursors without end, of every kind."""
    while True:
        text = json.dumps(position(chance)).encode()
        whole = chance.choice(genuine)
        raw = bytearray(base64.urlsafe_b64decode(whole + "=" * (-len(whole) % 4)))
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        place = chance.randrange(len(whole))
        yield encoded(chance.randbytes(16) + text)
        yield encoded(raw[:16] + text)
        yield encoded(raw)
        # As cursors were written before they were signed.
        yield encoded(json.dumps([json.loads(text), "0" * 16]).encode())
        yield encoded(b'["\xed\xa0\x80"]')
        yield whole[:place] or "A"
        yield whole + chance.choice("AQgw_-")
        yield whole + encoded(text)
        yield whole[:place] + chance.choice("\ud800ä=+/ \0%\n") + whole[place:]
        yield encoded(chance.randbytes(chance.randrange(1, 100)))
        yield "A" * chance.choice([CURSOR_CHARACTERS, CURSOR_CHARACTERS + 1, 100_000])
        yield chance.choice(["null", "0", "{}", "[]", "-", "_", "..", "%00"])
