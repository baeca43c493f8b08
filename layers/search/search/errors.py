"""Every way search refuses or fails.

SearchError
    DamagedSegmentError
    OtherFormatError
    EngineFailedError
    InvalidDocumentError
    InvalidQueryError
        QueryTooLongError
        InvalidFilterError
        InvalidSynonymsError

What wraps a library raises these alone, also where the library ends in something that is no `Exception`.
"""

from __future__ import annotations

from search.limits import FILTER_TERMS, QUERY_CHARACTERS


class SearchError(Exception):
    """The root of every error of search."""

    message = "The search could not be carried out."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class DamagedSegmentError(SearchError):
    """Raised when bytes of a segment are not those that its digests name, or contradict each other."""

    message = "A segment is damaged."


class OtherFormatError(SearchError):
    """Raised when a segment was written in another format, by another engine, or with another analysis."""

    message = "A segment was written by another version, and has to be built anew."


class EngineFailedError(SearchError):
    """Raised when the engine fails, whatever it failed with."""

    message = "The search engine failed."


class InvalidDocumentError(SearchError):
    """Raised when documents can't stand in one segment, such as two of one item."""

    message = "The documents can't be put into a segment."


class InvalidQueryError(SearchError):
    """The root of every refusal of what is asked for; `str(error)` is fit to be shown to a tenant."""


class QueryTooLongError(InvalidQueryError):
    """Raised when a query has too many characters."""

    message = f"A query has at most {QUERY_CHARACTERS:,} characters. Ask for less at once."


class InvalidFilterError(InvalidQueryError):
    """Raised when a filter asks for too much, or for a value that no item can have."""

    message = f"A filter names at most {FILTER_TERMS} texts, numbers, true or false. Leave some out."


class InvalidSynonymsError(InvalidQueryError):
    """Raised when there are too many groups of synonyms, or one that is too large."""

    message = "The synonyms can't be used."
