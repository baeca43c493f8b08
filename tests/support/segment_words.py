"""What stands in the engine's files of a segment, held against the documents that its text part tells of.

A search for bytes sees nothing in there: the words of a segment are an automaton, and what is stored is compressed.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import tantivy
from search.engine.analysis import spans
from search.engine.files import EngineFiles, assemble
from search.engine.reading import IndexReader
from search.engine.schema import FILTERS, KEY, fields_of, read_key
from search.filters import item_terms, source_term
from search.languages.choice import ANALYSES, analysis_of
from search.segments.layout import decode_head, ref_in
from search.segments.merging import read_part
from search.segments.model import SegmentDocument, Settings

_MOST_WORDS = 1_000_000


def unexplained_in(data: bytes) -> list[str]:
    """What a whole segment has of documents that its text part has not: words with their fields, and ids.

    Every word of the dictionaries is counted: none may be in more or fewer documents than are told of.
    """
    ref = ref_in(data)
    documents, head = read_part(ref, data).documents, decode_head(ref, data[: ref.head])
    if not head.files:
        return [] if not documents else ["no files"]
    # A thread of the engine looks for changes, and may put a lock there while the folder is removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        files = EngineFiles(head.header.segment_id, head.header.documents, head.files)
        index = assemble([files], Path(folder))
        return [*_unexplained_words(IndexReader(index), documents, head.header.settings), *_strangers(index, documents)]


def _unexplained_words(reader: IndexReader, documents: list[SegmentDocument], settings: Settings) -> list[str]:
    told = _words_of(documents, settings)
    fields = [FILTERS, *(name for analysis in ANALYSES for name in fields_of(analysis))]
    found = {
        field: {word: reader.frequency(field, word) for word in reader.beginning_with(field, "", _MOST_WORDS)}
        for field in fields
    }
    return [
        f"{field}: {word}"
        for field in fields
        for word in sorted(found[field].keys() | told[field].keys())
        if found[field].get(word, 0) != told[field][word]
    ]


def _words_of(documents: list[SegmentDocument], settings: Settings) -> dict[str, Counter[str]]:
    """How many documents have a word, by field."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for each in documents:
        analysis = analysis_of(each.language, settings.default_language, each.text.title, each.text.text)
        for field, text in zip(fields_of(analysis), (each.text.title, each.text.text), strict=True):
            told[field].update({span.word for span in spans(analysis, text)})
        told[FILTERS].update({source_term(settings.source_id), *item_terms(each.tags, each.language, each.metadata)})
    return told


def _strangers(index: tantivy.Index, documents: list[SegmentDocument]) -> list[str]:
    """The documents that are stored and not told of, or the other way round."""
    searcher = index.searcher()
    keys = (searcher.doc(tantivy.DocAddress(0, at)).get_first(KEY) for at in range(searcher.num_docs))
    stored = {tuple(read_key(key or b"")) for key in keys}
    return [str(each) for each in stored ^ {(each.item_id, each.content_hash[:32]) for each in documents}]
