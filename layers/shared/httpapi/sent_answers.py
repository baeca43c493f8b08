"""Answers as they go out: tagged, left out where the client has them, and compressed if it asks. Pure.

A text with a secret is never compressed. How small a text gets tells of what stands in it twice: who can have a client
send requests of their choice, and sees how long the answers are, could guess the secret piece by piece. Nor is one that
Lambda might not carry any more if it were: how large it can get is bounded as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.limits import GZIP_FROM_BYTES, GZIP_TO_BYTES

from httpapi.answers import WrittenAnswer
from httpapi.content_codings import compressed, takes_gzip
from httpapi.entity_tags import NamedTags, tag_of, written
from httpapi.requests import HttpRequest
from httpapi.responses import Response

_JSON = {"Content-Type": "application/json"}


def send_answer(
    answer: WrittenAnswer,
    request: HttpRequest,
    headers: Mapping[str, str],
    *,
    tagged: bool = False,
    known: NamedTags | None = None,
) -> Response:
    """Make the response of an answer, with further headers.

    One of 200 that is `tagged` is left out, as 304, when its tag is among the `known` ones.
    """
    sent = dict(headers)
    text = answer.encoded
    worth_it = answer.secret is None and GZIP_FROM_BYTES <= len(text) <= GZIP_TO_BYTES
    asked = worth_it and takes_gzip(request.headers.get("accept-encoding", []))
    if worth_it:
        sent["Vary"] = ", ".join(filter(None, ("Accept-Encoding", sent.get("Vary"))))
    if answer.place is not None:
        sent["Location"] = answer.place
    if tagged and answer.status == 200:
        tag = tag_of(text, answer.revision)
        sent["ETag"] = written(tag, zipped=asked)
        if known is not None and known.know(tag):
            return Response(304, "", sent)
    elif answer.revision is not None:
        sent["ETag"] = written(answer.revision)
    if asked:
        sent["Content-Encoding"] = "gzip"
    return Response(answer.status, compressed(text) if asked else answer.text, {**(_JSON if text else {}), **sent})
