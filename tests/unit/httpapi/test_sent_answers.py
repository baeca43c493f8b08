"""How answers go out."""

from __future__ import annotations

import base64
import gzip
import json
import random
from typing import Any

import pytest
from httpapi.answers import WrittenAnswer
from httpapi.entity_tags import read_known
from httpapi.requests import HttpRequest
from httpapi.responses import Response
from httpapi.sent_answers import send_answer
from knowledge.limits import ANSWER_BYTES, ENVELOPE_BYTES, GZIP_TO_BYTES

LARGE, SMALL = "x" * 4_096, "x" * 4_095


def sent(answer: WrittenAnswer, *, accept: str = "gzip", vary: str | None = None, **options: Any) -> Response:
    request = HttpRequest.from_event({"headers": {"Accept-Encoding": accept}}, "/")
    return send_answer(answer, request, {"Vary": vary} if vary else {}, **options)


def test_large_answer_is_compressed_for_who_asks() -> None:
    zipped, plain = sent(WrittenAnswer(200, LARGE)), sent(WrittenAnswer(200, LARGE), accept="br")
    assert isinstance(zipped.body, bytes)
    assert gzip.decompress(zipped.body).decode() == LARGE == plain.body
    assert (zipped.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    # A cache must not give to one what it kept for the other.
    assert zipped.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert sent(WrittenAnswer(200, LARGE), vary="Origin").headers["Vary"] == "Accept-Encoding, Origin"


def carried(response: Response) -> int:
    """What Lambda is given of a response."""
    return len(json.dumps(response.as_event(), ensure_ascii=False).encode())


def test_answer_that_gets_no_smaller_is_carried() -> None:
    """Base64 makes it a third larger; what was bounded as it was written must still fit then."""
    rare = random.Random(1)
    hardly = base64.b85encode(rare.randbytes(ENVELOPE_BYTES * 4 // 5 - 1_000)).decode().replace("\\", "x")
    for size in (ANSWER_BYTES, GZIP_TO_BYTES, GZIP_TO_BYTES + 1, ENVELOPE_BYTES - 10_000):
        response = sent(WrittenAnswer(200, hardly[:size]))
        assert isinstance(response.body, bytes) is (size <= GZIP_TO_BYTES)
        assert carried(response) < 6_291_556


@pytest.mark.parametrize(
    "answer", [WrittenAnswer(200, SMALL), WrittenAnswer(201, LARGE, "secret"), WrittenAnswer(204, "")]
)
def test_small_answer_or_one_with_a_secret_is_not(answer: WrittenAnswer) -> None:
    response = sent(answer)
    assert response.body == answer.text
    assert not {"Vary", "Content-Encoding"} & response.headers.keys()


def test_two_forms_of_an_answer_have_two_tags_that_name_one_thing() -> None:
    answer = WrittenAnswer(200, LARGE, revision="rev")
    tags = [sent(answer, accept=accept, tagged=True).headers["ETag"] for accept in ("", "gzip")]
    assert tags[0].startswith('"rev.')
    assert tags[1] == tags[0][:-1] + '-gzip"'
    for tag in tags:
        known = read_known({"if-none-match": [tag]})
        left_out = sent(answer, tagged=True, known=known)
        assert (left_out.status, left_out.body, left_out.headers["ETag"]) == (304, "", tags[1])
        assert not {"Content-Type", "Content-Encoding"} & left_out.headers.keys()
        assert left_out.headers["Vary"] == "Accept-Encoding"


def test_refusal_is_never_left_out_and_a_write_has_its_revision_alone() -> None:
    known = read_known({"if-none-match": ["*"]})
    assert sent(WrittenAnswer(404, "{}"), tagged=True, known=known).status == 404
    assert "ETag" not in sent(WrittenAnswer(404, "{}"), tagged=True).headers
    written = sent(WrittenAnswer(201, LARGE, revision="rev", place="/api/v1/x"))
    assert (written.headers["ETag"], written.headers["Location"]) == ('"rev"', "/api/v1/x")
