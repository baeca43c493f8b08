"""What kinds of files are read, by their suffixes."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from knowledge_client.folder.converting import Converted, is_installed

Kind: TypeAlias = Literal["markdown", "mdx", "html", "text", "rst"] | Converted
KINDS: dict[str, Kind] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "mdx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "text",
    ".text": "text",
    ".rst": "rst",
    ".pdf": "pdf",
    ".docx": "docx",
}
CONVERTED: dict[str, Converted] = {".pdf": "pdf", ".docx": "docx"}
_TEXT_SUFFIXES = (".md", ".mdx", ".html", ".htm", ".txt", ".rst")
CONTENT_TYPES: dict[Kind, str] = {
    "markdown": "text/markdown",
    "mdx": "text/markdown",
    "html": "text/html",
    "text": "text/plain",
    "rst": "text/plain",
    "pdf": "text/plain",
    "docx": "text/html",
}
# What a page shows or is built with. Nobody takes one for the page itself, whatever it is called.
_ASSETS = frozenset(
    {
        *(
            ".png",
            ".jpg",
            ".jpeg",
            ".gif",
            ".svg",
            ".webp",
            ".avif",
            ".bmp",
            ".ico",
            ".tif",
            ".tiff",
            ".mp3",
            ".mp4",
            ".m4a",
            ".ogg",
            ".wav",
            ".webm",
        ),
        *(".mov", ".avi", ".woff", ".woff2", ".ttf", ".otf", ".eot"),
        *(".css", ".scss", ".sass", ".less", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".json"),
        *(
            ".yaml",
            ".yml",
            ".toml",
            ".xml",
            ".csv",
            ".map",
            ".lock",
            ".zip",
            ".gz",
            ".tgz",
            ".tar",
            ".py",
            ".rb",
            ".sh",
        ),
    }
)
# Documents to a person, and of a kind that is not read.
_UNREAD_DOCUMENTS = frozenset(
    {
        *(".adoc", ".asciidoc", ".asc", ".org", ".textile", ".wiki", ".mediawiki", ".creole", ".tex", ".typ"),
        *(".pod", ".mkd", ".mkdn", ".mdwn", ".mdown", ".mdtext", ".mdoc", ".rmd", ".qmd", ".ipynb"),
        *(".dbk", ".dita", ".doc", ".docm", ".odt", ".ott", ".rtf", ".pages", ".wpd", ".epub"),
        *(".mobi", ".ppt", ".pptx", ".odp", ".key", ".xls", ".xlsx", ".ods", ".numbers", ".rest"),
        *(".mht", ".mhtml", ".shtml", ".asp", ".aspx", ".php", ".jsp"),
    }
)


def default_suffixes() -> tuple[str, ...]:
    """Return what is read if nobody says otherwise: texts, and documents whose library is installed."""
    return _TEXT_SUFFIXES + tuple(suffix for suffix, kind in CONVERTED.items() if is_installed(kind))


def suffix_of(path: str) -> str:
    """Return the suffix of a path in small letters."""
    return PurePosixPath(path).suffix.lower()


def is_unread_document(path: str) -> bool:
    """Whether a person would call a file a document, though its kind is not read."""
    return suffix_of(path) in _UNREAD_DOCUMENTS


def concerns(other: str, gone: str) -> bool:
    """Whether a file of another suffix may be what became of a page: `guide.adoc` or `guide.md.bak` of `guide.md`."""
    if other == gone or other.rstrip("~") == gone:
        return True
    if suffix_of(other) in _ASSETS:
        return False
    stem = _without_suffix(other)
    return stem in {gone, _without_suffix(gone)} or other == _without_suffix(gone)


def _without_suffix(path: str) -> str:
    return path[: len(path) - len(suffix)] if (suffix := PurePosixPath(path).suffix) else path
