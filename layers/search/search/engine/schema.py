"""The fields of a document, the same in every segment: for each analysis a title and a text, of which it has one pair.

Nothing of a text is stored: what a document says of itself is its key, the beginning of the hash of its item's content,
and the id.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import NamedTuple

import tantivy

from search.engine.analysis import analyzer, prepared
from search.languages.choice import ANALYSES

NAME = f"tantivy {version('tantivy')}"
"""The engine and its version, whose files no other version need understand."""
FILTERS = "filters"
KEY = "key"
# As many as nobody finds a second content for; the generation has the whole hash.
_HASH_BYTES = 16


class Fields(NamedTuple):
    """The names of the two fields of an analysis."""

    title: str
    text: str


class Indexed(NamedTuple):
    """A document as it is indexed; `content_hash` is hex, `terms` are those of filters."""

    item_id: str
    content_hash: str
    analysis: str
    title: str
    text: str
    terms: list[str]


def fields_of(analysis: str) -> Fields:
    """Return the names of the fields of an analysis."""
    return Fields(f"title_{analysis}", f"text_{analysis}")


def schema() -> tantivy.Schema:
    """Make the schema."""
    builder = tantivy.SchemaBuilder()
    for analysis in ANALYSES:
        for name in fields_of(analysis):
            builder.add_text_field(name, tokenizer_name=analysis)
    builder.add_text_field(FILTERS, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field(KEY, stored=True)
    return builder.build()


def register_analyzers(index: tantivy.Index) -> None:
    """Tell an index that is written the analyzers of its fields: it keeps their names alone."""
    for analysis in ANALYSES:
        index.register_tokenizer(analysis, analyzer(analysis))


def document_of(indexed: Indexed) -> tantivy.Document:
    """Write a document for the engine."""
    document = tantivy.Document()
    title, text = fields_of(indexed.analysis)
    for name, value in ((title, indexed.title), (text, indexed.text)):
        if value:
            document.add_text(name, prepared(indexed.analysis, value))
    for term in indexed.terms:
        document.add_text(FILTERS, term)
    document.add_bytes(KEY, bytes.fromhex(indexed.content_hash)[:_HASH_BYTES] + indexed.item_id.encode("utf-8"))
    return document


def read_key(key: bytes) -> tuple[str, str]:
    """Return the id that a key says, and how the content's hash begins (hex). Raises ValueError when it is none."""
    return key[_HASH_BYTES:].decode("utf-8"), key[:_HASH_BYTES].hex()
