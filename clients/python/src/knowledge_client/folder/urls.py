"""Where a page can be read: what it says itself, or `base_url` and the rules of what builds the site. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Literal, get_args
from urllib.parse import quote, unquote, urljoin, urlsplit

from knowledge_client.folder.front_matter import Value
from knowledge_client.folder.model import FolderError

Slugs = Literal["plain", "docusaurus", "hugo", "mkdocs"]
SLUGS: tuple[Slugs, ...] = get_args(Slugs)
URL_BYTES = 2_048
_NO_URL_CHARACTERS = re.compile(r"[\x00-\x1F\x7F-\x9F\x20<>\"\\^`{|}]")
_PAGES = (".html", ".htm", ".xhtml")
# What sites hand out as it lies there, whatever builds them.
_FILES = (".pdf", ".docx")
# Of Docusaurus: `02-install` is `install`, while `7.0-notes` and `2021-11-notes` stay.
_NUMBERED = re.compile(r"\d+\s*[-_.]+\s*([^-_.\s].*)")
_DATE_OR_VERSION = re.compile(r"(?:\d{2}|\d{4})[-_.]\d{2}|\d+[-_.]\d+")
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*:"
_SAFE_IN_PATHS = "/?#%&=+:@;,!~*()$"
_TEMPLATE = re.compile(r"\{\{|\$\{|(?:^|/):[a-z_]+(?:/|$)|<[^>]*>")


def check_url(value: str) -> str:
    """Check a link by the rule of the API. Raises ValueError with what is wanted."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        sound = sound and len(value.encode()) <= URL_BYTES
    except ValueError:  # Of a lone surrogate, too.
        sound = False
    if not sound or _NO_URL_CHARACTERS.search(value):
        raise ValueError("must be an absolute http or https URL")
    return value


def check_base_url(value: str) -> str:
    """Return the address that paths are put behind, without a slash at its end. Raises FolderError when it is wrong."""
    try:
        check_url(value)
    except ValueError as error:
        raise FolderError(f"base_url {error}") from error
    if "?" in value or "#" in value:
        raise FolderError("base_url must not have a query or a fragment")
    return value.rstrip("/")


def url_of(path: str, fields: Mapping[str, Value], canonical: str, base_url: str | None, slugs: Slugs) -> str | None:
    """Return a page's address, None when nothing tells it. Aliases lead to a page and are not its address.

    Raises ValueError when what the page says of it is wrong; nobody should be sent to an address that was made up.
    """
    said = _text(fields, "url") or _text(fields, "permalink")
    slug = _text(fields, "slug")
    for each in (said, slug, "" if said else canonical):
        if _TEMPLATE.search(each):
            raise ValueError(f"{each} is a template")
    if re.match(_SCHEME, said):
        return check_url(said)
    if said.startswith("//"):
        raise ValueError(f"{said} has no scheme")
    if ".." in unquote(said).split("/"):
        raise ValueError(f"{said} leads upwards")
    if not said and re.match(_SCHEME, canonical):
        return check_url(canonical)
    if base_url is None:
        return None
    if said:
        return check_url(f"{base_url}/{_quoted(said.lstrip('/'), safe=_SAFE_IN_PATHS)}")
    rule = _as_it_lies if path.lower().endswith(_FILES) else _RULES[slugs]
    segments, slash = rule(PurePosixPath(path), slug, _text(fields, "id"))
    address = "/".join(_quoted(segment) for segment in segments if segment)
    derived = check_url(f"{base_url}/{address}" + ("/" if slash and address else ""))
    # A canonical link counts from the page that it stands in.
    return check_url(urljoin(derived, _quoted(canonical, safe=_SAFE_IN_PATHS))) if canonical else derived


def _text(fields: Mapping[str, Value], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _quoted(text: str, safe: str = "~!$&'()*+,;=:@") -> str:
    return quote(text, safe=safe)


def _as_it_lies(path: PurePosixPath, _slug: str, _id: str) -> tuple[list[str], bool]:
    return list(path.parts), False


def _plain(path: PurePosixPath, slug: str, _id: str) -> tuple[list[str], bool]:
    """Files as they lie there: pages keep their suffix, an index is its folder."""
    is_index = path.stem.lower() in {"index", "readme"}
    if slug:
        return [*_folders(path, slug), slug.strip("/")], False
    if is_index:
        return list(path.parent.parts), True
    return [*path.parent.parts, path.name if path.suffix.lower() in _PAGES else path.stem], False


def _docusaurus(path: PurePosixPath, slug: str, id_: str) -> tuple[list[str], bool]:
    """https://docusaurus.io/docs/create-doc: no numbers, an index or a page named as its folder is the folder."""
    folders = [_without_number(part) for part in path.parent.parts]
    if slug:
        return (slug.strip("/").split("/") if slug.startswith("/") else _joined(folders, slug)), False
    name = id_ or _without_number(path.stem)
    if path.stem.lower() in {"index", "readme"} or (folders and path.stem.lower() == path.parent.name.lower()):
        return folders, True
    return [*folders, *name.split("/")], False


def _hugo(path: PurePosixPath, slug: str, _id: str) -> tuple[list[str], bool]:
    """https://gohugo.io/content-management/urls/: small letters, hyphens, a slash at the end."""
    folders = [_hugo_name(part) for part in path.parent.parts]
    if path.stem in {"index", "_index"}:
        # A slug stands for the last name, here the folder's.
        return ([*folders[:-1], _hugo_name(slug)] if slug and folders else folders), True
    return [*folders, _hugo_name(slug or path.stem)], True


def _mkdocs(path: PurePosixPath, _slug: str, _id: str) -> tuple[list[str], bool]:
    """https://www.mkdocs.org/user-guide/configuration/#use_directory_urls, which is on unless it is turned off."""
    if path.suffix.lower() in _PAGES and path.stem != "index":
        return list(path.parts), False
    is_index = path.stem in {"index", "README"}
    return [*path.parent.parts, *([] if is_index else [path.stem])], True


_RULES: dict[Slugs, Callable[[PurePosixPath, str, str], tuple[list[str], bool]]] = {
    "plain": _plain,
    "docusaurus": _docusaurus,
    "hugo": _hugo,
    "mkdocs": _mkdocs,
}


def _folders(path: PurePosixPath, slug: str) -> list[str]:
    return [] if slug.startswith("/") else list(path.parent.parts)


def _joined(folders: list[str], slug: str) -> list[str]:
    joined = list(folders)
    for segment in slug.split("/"):
        if segment == "..":
            joined = joined[:-1]
        elif segment not in {"", "."}:
            joined.append(segment)
    return joined


def _without_number(name: str) -> str:
    numbered = None if _DATE_OR_VERSION.match(name) else _NUMBERED.fullmatch(name)
    return numbered[1] if numbered else name


def _hugo_name(name: str) -> str:
    return re.sub(r"-{2,}", "-", re.sub(r"[^\w.~/-]", "", re.sub(r"\s+", "-", name.strip().lower())))
