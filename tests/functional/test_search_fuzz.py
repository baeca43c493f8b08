"""Thousands of hostile queries: each is answered or refused for what it is, and none is a 5xx.

`FUZZ_CASES` says how many, `FUZZ_SEED` from which seed on; a failure prints the seed that replays it.
"""

from __future__ import annotations

import logging
import os
import random
from typing import Any

import pytest

from testing.edge import Edge

CASES = int(os.environ.get("FUZZ_CASES", "150"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
PIECES = (
    *(
        "AND",
        "OR",
        "NOT",
        "title:",
        "+a",
        "-b",
        "a*",
        "a?",
        "a~2",
        "a^9",
        "(",
        ")",
        "[a TO b]",
        "{",
        "}",
        "/a.*/",
        "\\",
    ),
    *(
        '"',
        "'",
        '"refunds take"',
        "“",
        "”",
        "«",
        "`",
        "';--",
        "<script>",
        "%00",
        "$ne",
        "{{x}}",
        "https://a.example/?q=1",
    ),
    *("🙂", "👩‍👩‍👧", "🇩🇪", "e\u0301", "ﬁ", "İ", "ß", "ﷺ", "𝔘", "\u200d", "\ufeff", "\U000e0041"),
    *("שלום", "مرحبا بالعالم", "\u202e", "\u2066x\u2069", "密码", "水", "パスワード", "비밀번호", "ภาษาไทย", "தமிழ்"),
    *("\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\r\n", "\t", "\ud800", "\udfff\ud800"),
    *("refunds", "refnuds", "refund", "x" * 120, "a " * 60, "1.5e309", "-0", "", " "),
)


def hostile(chance: random.Random) -> dict[str, Any]:
    text = chance.choice(("", " ", "\n")).join(chance.choices(PIECES, k=chance.choice((1, 2, 3, 8, 40))))
    if chance.random() < 0.03:
        text = " ".join(f"w{number}" for number in range(1_000))
    body: dict[str, Any] = {"query": text if chance.random() < 0.3 else text[:1_000]}
    if chance.random() < 0.3:
        body["prefix"] = chance.choice((True, False, True, None, "yes"))
    if chance.random() < 0.3:
        value = chance.choice((text[:64], [text[:9]], {text[:9]: text[:9]}, None, 1e300, 2**70, True, {"": {"": []}}))
        name = chance.choice(("tags", "language", "metadata"))
        metadata = {chance.choice(PIECES): value}
        body["filter"] = {name: metadata if name == "metadata" and chance.random() < 0.8 else value}
    if chance.random() < 0.2:
        body["limit"] = chance.choice((1, 50, 51, 0, "1", None))
    if chance.random() < 0.1:
        body["cursor"] = chance.choice((text[:50], "AAAA", None))
    if chance.random() < 0.1:
        body["sourceIds"] = chance.choice(([], [text[:9]], ["src_01ARZ3NDEKTSV4RRFFQ69G5FAV"], None, "src"))
    return body


@pytest.mark.long
@pytest.mark.timeout(0)
def test_no_query_breaks_a_search(edge_on_dynoxide: Edge, caplog: pytest.LogCaptureFixture) -> None:
    edge = edge_on_dynoxide
    source = edge.source(synonyms=[["refund", "money back", "密码"], ["AND", '"']], titleWeight=2)
    languages = ("en", "de", "ar", "he", "zh", "ja", "th", None, "tr")
    for number, language in enumerate(languages):
        fields = {} if language is None else {"language": language}
        edge.push(
            source, f"i{number}", title="Refunds", content="Refunds take 14 days. שלום 密码 水 مرحبا 🙂", **fields
        )
    edge.publish(source)
    answered = 0
    for seed in range(SEED, SEED + CASES):
        if seed % 100 == 0:
            edge.clock.advance(seconds=60)
        body = hostile(random.Random(seed))
        reply = edge.request("POST", "/v1/search", body)
        assert reply.status in {200, 400, 404}, f"FUZZ_SEED={seed} {reply.status} {reply.text} {body!r}"
        answered += reply.status == 200
        for result in reply.body.get("results", ()):
            for field in ("title", "snippet"):
                places = result["highlights"][field]
                assert all(0 <= place["start"] < place["end"] <= len(result[field]) for place in places), seed
        errors = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
        assert not errors, f"FUZZ_SEED={seed} {errors[0]} {body!r}"
        caplog.clear()
    assert answered > CASES // 3
