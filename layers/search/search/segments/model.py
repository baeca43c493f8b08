"""What a segment says of itself, and the documents that it was built of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from search.text.model import Text

MAGIC = b"KBS2"
"""What a segment begins with; another layout has another one."""


@dataclass(frozen=True, slots=True)
class SegmentDocument:
    """An item as it was indexed, with all that building it anew takes; `content_hash` is hex.

    `language` is what the item says, not the analysis that was chosen: that may depend on the source.
    """

    item_id: str
    content_hash: str
    text: Text
    language: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Settings(NamedTuple):
    """Whose items a segment holds, and what its analysis depends on."""

    source_id: str
    default_language: str | None = None

    @property
    def language(self) -> str:
        """The default language as lists tell it: 8 hex digits."""
        return hashlib.sha256((self.default_language or "").encode()).hexdigest()[:8]


class SegmentRef(NamedTuple):
    """How a list names a segment: by the SHA-256 (hex) of its header, which has the digests of all else.

    `size` is that of the object in bytes, `head` that of its beginning, which is all that a search reads. `format` and
    `language` are 16 and 8 hex digits: segments of another format can't be read beside each other; those of another
    default language can, but their texts without a language were told by other rules.
    """

    digest: str
    size: int
    head: int
    documents: int
    tier: int
    format: str
    language: str


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a segment. Lengths are bytes, digests are hex.

    `files` are the engine's, by the ends of their names, in their order; together they are packed into `index_length`.
    `engine` is its name and version, and `analysis` the version of the rules by which words are told. `analyses` counts
    the documents of each.
    """

    engine: str
    analysis: int
    settings: Settings
    segment_id: str
    documents: int
    tier: int
    degraded: int
    analyses: dict[str, int]
    files: dict[str, int]
    index_length: int
    index_digest: str
    added: int
    killed: int
    ids_digest: str
    text_length: int
    text_digest: str

    @property
    def format(self) -> str:
        """The engine and the analysis as lists tell them."""
        return format_of(self.engine, self.analysis)


def format_of(engine: str, analysis: int) -> str:
    """Return 16 hex digits for our layout, an engine with its version, and a version of the analysis."""
    return hashlib.sha256(f"{MAGIC.decode()}, {engine}, analysis {analysis}".encode()).hexdigest()[:16]
