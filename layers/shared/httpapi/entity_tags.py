"""Entity tags: how a client names what it has, and what a request may be made to depend on. Pure.

A tag has a revision, which writes are held to, and a digest of the answer's bytes, which reads are held to:

    "<revision>.<digest>"   a read of what a write may depend on
    "<digest>"              a read of what no write depends on
    "<revision>"            the answer to a write, and a refused one: the client has no bytes of a read then

Behind them stands `-gzip` where the bytes are compressed: two forms of an answer are two entities. All tags that this
API makes are strong. https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.revisions import ABSENT, PRESENT, Expected

from httpapi.errors import invalid_field

Headers = Mapping[str, list[str]]
_CHARACTERS = 32
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
# Tags may hold commas, so each is taken out, for what none can hold, before the list is split at them.
_TAKEN = "\0"
_GZIP = "-gzip"
_IF_MATCH, _IF_NONE_MATCH, _IF_UNMODIFIED_SINCE = "if-match", "if-none-match", "if-unmodified-since"


@dataclass(frozen=True, slots=True)
class NamedTags:
    """The tags that a header names, without quotes: those that were strong, and all. None stands for `*`."""

    strong: frozenset[str] | None
    all: frozenset[str] | None

    def name(self, header: str) -> bool:
        """Tell whether a tag is among them, strong or weak, as a header has it: in the form in which it is sent."""
        return self.all is None or header[1:-1] in self.all

    def know(self, tag: str) -> bool:
        """Tell whether a tag is among them, strong or weak, whichever form of the answer it is of."""
        return self.all is None or _plain(tag) in {_plain(each) for each in self.all}

    def expected(self) -> Expected:
        """What a write wants to find. A weak tag is no promise of sameness, so none is found by it."""
        if self.strong is None:
            return PRESENT
        return Expected(frozenset(_plain(tag).partition(".")[0] for tag in self.strong))


def read_known(headers: Headers) -> NamedTags | None:
    """Read what the client of a read has; None when it says nothing of it. Raises ValidationFailedError."""
    return _read_tags(_IF_NONE_MATCH, headers[_IF_NONE_MATCH]) if headers.get(_IF_NONE_MATCH) else None


def read_expected(headers: Headers, *, changes: bool, if_match: bool, if_absent: bool) -> Expected | None:
    """Read what a request wants to find; None when it says nothing of it.

    A condition that an operation does not take is refused: to ignore it would be to do what was not to be done.

    Raises ValidationFailedError.
    """
    found = [name for name in (_IF_MATCH, _IF_NONE_MATCH) if headers.get(name)]
    if headers.get(_IF_MATCH) and not if_match:
        raise invalid_field("If-Match", "is not taken by this operation, so it would not be kept to")
    if changes and headers.get(_IF_UNMODIFIED_SINCE):
        raise invalid_field("If-Unmodified-Since", "is not taken; send If-Match with the ETag that you have")
    if not changes or not found:
        return None
    if not if_absent and _IF_NONE_MATCH in found:
        raise invalid_field("If-None-Match", "is not taken by this operation, so it would not be kept to")
    if len(found) > 1:
        raise invalid_field("If-None-Match", "is not taken together with If-Match: only one of them can hold")
    if found == [_IF_MATCH]:
        return _read_tags(_IF_MATCH, headers[_IF_MATCH]).expected()
    if [value.strip(" \t") for value in headers[_IF_NONE_MATCH]] != ["*"]:
        raise invalid_field("If-None-Match", "must be *, for what is not there yet; for a change send If-Match")
    return ABSENT


def _read_tags(name: str, values: Sequence[str]) -> NamedTags:
    """Read a header of tags, sent once or several times: `*`, or a list."""
    text = ",".join(values).strip(" \t")
    if text == "*":
        return NamedTags(None, None)
    entries = {entry.strip(" \t") for entry in _TAG.sub(_TAKEN, text).split(",")}
    if _TAKEN in text or not {_TAKEN} <= entries <= {_TAKEN, ""}:
        raise invalid_field(
            name.title(), 'must be *, or a list of tags in double quotes, such as "5f0c", as an ETag has them'
        )
    found = _TAG.findall(text)
    return NamedTags(frozenset(tag for weak, tag in found if not weak), frozenset(tag for _, tag in found))


def tag_of(text: bytes, revision: str | None) -> str:
    """Make the tag of a read, without quotes."""
    digest = hashlib.sha256(text).hexdigest()[:_CHARACTERS]
    return digest if revision is None else f"{revision}.{digest}"


def written(tag: str, *, zipped: bool = False) -> str:
    """Write a tag as a header has it."""
    return f'"{tag}{_GZIP if zipped else ""}"'


def _plain(tag: str) -> str:
    return tag.removesuffix(_GZIP)
