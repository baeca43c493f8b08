"""How large things may be, and how long they may take: what bounds the work that strangers' texts and queries cause."""

from __future__ import annotations

# ------------------------------------------------------------------------------------------------ the text of an item
# An item's content is never longer; characters of what is kept of its text.
TEXT_CHARACTERS = 1_048_576
# Of the processor, for the text of one item. A page of 100 KB takes 20 ms.
EXTRACTION_SECONDS = 2.0
# Longer words are in nobody's query: they are keys, hashes and pictures in Base64. UTF-8.
WORD_BYTES = 100

# ------------------------------------------------------------------------------------------------ a segment
# Of texts, before another segment is begun: what the engine holds in memory as it builds.
SEGMENT_TEXT_BYTES = 32 * 1024 * 1024

# ------------------------------------------------------------------------------------------------ a query
QUERY_CHARACTERS = 1_000
# Further words of a query are not looked up.
QUERY_WORDS = 50
# Each costs a walk over all words of a field.
TYPO_WORDS = 6
# How many words of the index the last, unfinished word of a query may stand for, in each field.
PREFIX_TERMS = 32
FILTER_TERMS = 50
SYNONYM_GROUPS = 200
SYNONYMS_A_GROUP = 20
SYNONYM_CHARACTERS = 100
# Of a query, that are widened.
SYNONYMS_USED = 20

# ------------------------------------------------------------------------------------------------ a hit
SNIPPET_CHARACTERS = 240
# Matches behind these are not looked for.
SNIPPET_SEARCHED_CHARACTERS = 100_000
HIGHLIGHTS = 50

# ------------------------------------------------------------------------------------------------ an answer
# Of a passage; longer sections are cut.
PASSAGE_WORDS = 200
# A longer sentence is cut between its clauses: nobody reads a quote of a page.
SENTENCE_CHARACTERS = 600
